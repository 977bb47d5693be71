import * as z from 'zod';
import type { JsonObject } from '../checkpointFile.ts';
import { AddedTokens, addedTokenSchema, specialToken } from './addedTokens.ts';
import { decoderOf } from './decoders.ts';
import { modelOf } from './models.ts';
import { normalizerOf } from './normalizers.ts';
import { type PreTokenizer, preTokenizerOf } from './preTokenizers.ts';
import type { Recipe } from './recipes.ts';
import type { TokenizerSettings } from './settings.ts';
import { type Template, templateOf } from './template.ts';
import type { TokenModel } from './vocabulary.ts';

/** The content of a tokenizer.json; its parts are validated when they are made. */
export const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.string().nullish() }),
  added_tokens: z.array(addedTokenSchema).nullish(),
  truncation: z.looseObject({ direction: z.enum(['Left', 'Right']).nullish() }).nullish(),
  padding: z.looseObject({ pad_token: z.string().nullish() }).nullish(),
});
export type TokenizerJson = z.infer<typeof tokenizerSchema>;

/** The token that tokenizer.json pads with is the padding token if the settings name none. */
export function withDefaultPadding(
  settings: TokenizerSettings,
  json: TokenizerJson,
): TokenizerSettings {
  const token = json.padding?.pad_token;
  if (token == null || settings.special.has('pad_token')) return settings;
  return {
    ...settings,
    special: new Map([...settings.special, ['pad_token', specialToken(token)]]),
  };
}

/** How texts become tokens and tokens texts. */
export interface Parts {
  readonly preTokenizer: PreTokenizer;
  readonly model: TokenModel;
  readonly template: Template;
  readonly decode: (tokens: readonly string[]) => string;
}

/** The parts of a tokenizer, and its added tokens with those that the settings add. */
export function partsOf(
  json: TokenizerJson,
  settings: TokenizerSettings,
  recipe: Recipe | null,
): Parts & { readonly added: AddedTokens } {
  const special = { ...recipe?.special };
  for (const [key, { content }] of settings.special) special[key] = content;
  const source: JsonObject = recipe
    ? { ...json, ...recipeParts(json, settings, recipe, special) }
    : json;
  const model = modelOf(source.model);
  const normalizer = normalizerOf(source.normalizer);
  const added = new AddedTokens(model, normalizer);
  addTokens(added, json, settings, recipe);
  const postProcessor =
    recipe?.postProcessor?.(special, (token) => added.idOf(token)) ?? json.post_processor;
  return {
    added,
    model,
    preTokenizer: preTokenizerOf(source.pre_tokenizer),
    template: templateOf(postProcessor),
    decode: decoderOf(source.decoder),
  };
}

function recipeParts(
  json: TokenizerJson,
  { config }: TokenizerSettings,
  recipe: Recipe,
  special: Record<string, string>,
): JsonObject {
  const { type, vocab, merges } = json.model;
  const isNeeded = {
    BPE: Array.isArray(merges),
    WordPiece: !Array.isArray(vocab),
    Unigram: Array.isArray(vocab),
  };
  if (!isNeeded[recipe.model]) {
    throw new Error(
      `its model is ${type == null ? 'another' : `a ${type}`}, but the tokenizer_class of tokenizer_config.json, or that of the network, needs a ${recipe.model}`,
    );
  }
  return recipe.parts(json, config, special);
}

/** In the order of transformers, which decides the ids of tokens that the vocabulary lacks. */
function addTokens(
  added: AddedTokens,
  json: TokenizerJson,
  settings: TokenizerSettings,
  recipe: Recipe | null,
): void {
  const listed = json.added_tokens ?? [];
  // A class that builds the tokenizer anew has only the tokens that the settings list.
  if (!recipe) added.add(listed);
  const known = added.all.map((token) => JSON.stringify(token));
  const missing = (settings.added ?? listed).filter(
    (token) => !known.includes(JSON.stringify(token)),
  );
  const contents = new Set([...added.all, ...missing].map(({ content }) => content));
  const defaults = Object.entries(recipe?.special ?? {})
    .filter(([key]) => !settings.special.has(key))
    .map(([, content]) => specialToken(content));
  const named = [...settings.special.values(), ...defaults];
  const namedContents = new Set(named.map(({ content }) => content));
  const extra = settings.extra ?? recipe?.extra?.map(specialToken) ?? [];
  added.add([
    ...missing.map((token) =>
      namedContents.has(token.content) ? { ...token, special: true } : token,
    ),
    ...[...named, ...extra]
      .filter(({ content }) => !contents.has(content))
      .map((token) => ({ ...token, special: true })),
  ]);
}
