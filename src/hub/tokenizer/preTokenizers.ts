import * as z from 'zod';
import { PUNCTUATION, toByteLevel, WHITE_SPACE, WORD } from './characters.ts';
import { type Build, component, listOf, optionsOf } from './component.ts';
import {
  type Behavior,
  behaviorSchema,
  literal,
  patternSchema,
  regExpOf,
  splitAt,
} from './pattern.ts';

/** A part of a text that is turned into tokens by itself. */
export interface Piece {
  readonly text: string;
  /** Whether the text begins with it. */
  readonly isFirst: boolean;
}

/** Splits a part of a text into smaller ones. */
export type PreTokenizer = (piece: Piece) => readonly Piece[];

/**
 * Makes the `pre_tokenizer` of a tokenizer.json.
 * @throws Error naming what is not supported or invalid
 */
export function preTokenizerOf(json: unknown, at = 'pre_tokenizer'): PreTokenizer {
  if (json === undefined || json === null) return (piece) => [piece];
  return component(preTokenizers, json, at);
}

const every = (characters: string) => new RegExp(`[${characters}]`, 'gu');
const SPACE = every(WHITE_SPACE);
const PUNCTUATION_MARK = every(PUNCTUATION);
const NUMERIC = /\p{N}/gu;
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}${WHITE_SPACE}]+`, 'gu');
/** As `\s` of Oniguruma. */
const GPT2 = new RegExp(
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^${WHITE_SPACE}\p{L}\p{N}]+|${WHITE_SPACE}+(?!\P{White_Space})|${WHITE_SPACE}+`,
  'gu',
);

const preTokenizers: Readonly<Record<string, Build<PreTokenizer>>> = {
  BertPreTokenizer: () => (piece) =>
    parts(piece, SPACE, 'Removed').flatMap((word) => parts(word, PUNCTUATION_MARK, 'Isolated')),
  ByteLevel(options, at) {
    const schema = z.object({
      add_prefix_space: z.boolean().default(true),
      use_regex: z.boolean().default(true),
    });
    const { add_prefix_space, use_regex } = optionsOf(schema, options, at);
    return ({ text, isFirst }) => {
      const spaced = add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text;
      const piece = { text: spaced, isFirst };
      const split = use_regex ? parts(piece, GPT2, 'Isolated') : [piece];
      return split.map((part) => ({ ...part, text: toByteLevel(part.text) }));
    };
  },
  CharDelimiterSplit(options, at) {
    const { delimiter } = optionsOf(z.object({ delimiter: character }), options, at);
    const found = literal(delimiter);
    return (piece) => parts(piece, found, 'Removed');
  },
  Digits(options, at) {
    const schema = z.object({ individual_digits: z.boolean().default(false) });
    const { individual_digits } = optionsOf(schema, options, at);
    return (piece) => parts(piece, NUMERIC, individual_digits ? 'Isolated' : 'Contiguous');
  },
  FixedLength(options, at) {
    const { length } = optionsOf(z.object({ length: z.int().positive().default(5) }), options, at);
    const found = new RegExp(`[^]{1,${length}}`, 'gu');
    return (piece) => parts(piece, found, 'Isolated');
  },
  Metaspace: metaspace,
  Punctuation(options, at) {
    const schema = z.object({ behavior: behaviorSchema.default('Isolated') });
    const { behavior } = optionsOf(schema, options, at);
    return (piece) => parts(piece, PUNCTUATION_MARK, behavior);
  },
  Sequence(options, at) {
    const all = listOf('pretokenizers', options, at, preTokenizerOf);
    return (piece) => all.reduce<readonly Piece[]>((pieces, one) => pieces.flatMap(one), [piece]);
  },
  Split(options, at) {
    const schema = z.object({
      pattern: patternSchema,
      behavior: behaviorSchema,
      invert: z.boolean(),
    });
    const { pattern, behavior, invert } = optionsOf(schema, options, at);
    const found = regExpOf(pattern, at);
    return (piece) => parts(piece, found, behavior, invert);
  },
  Whitespace: () => (piece) => parts(piece, WORDS, 'Removed', true),
  WhitespaceSplit: () => (piece) => parts(piece, SPACE, 'Removed'),
};

function parts(piece: Piece, found: RegExp, behavior: Behavior, invert = false): readonly Piece[] {
  return splitAt(piece.text, found, behavior, invert).map(([start, end]) => ({
    text: piece.text.slice(start, end),
    isFirst: piece.isFirst && start === 0,
  }));
}

const character = z.string().refine((text) => [...text].length === 1, 'expected one character');

export const prependScheme = z.enum(['always', 'first', 'never']);

/** `add_prefix_space` is what older files have in place of `prepend_scheme`. */
export const metaspaceSchema = z
  .object({
    replacement: character,
    add_prefix_space: z.boolean().nullish(),
    prepend_scheme: prependScheme.nullish(),
    split: z.boolean().nullish(),
  })
  .refine(
    ({ add_prefix_space, prepend_scheme }) =>
      add_prefix_space !== false || prepend_scheme === 'never',
    'add_prefix_space contradicts prepend_scheme',
  )
  .transform(({ replacement, prepend_scheme, split }) => ({
    replacement,
    scheme: prepend_scheme ?? 'always',
    split: split ?? true,
  }));

function metaspace(options: unknown, at: string): PreTokenizer {
  const { replacement, scheme, split } = optionsOf(metaspaceSchema, options, at);
  const found = literal(replacement);
  return ({ text, isFirst }) => {
    const replaced = text.replaceAll(' ', () => replacement);
    const isPrefixed =
      !replaced.startsWith(replacement) && (scheme === 'always' || (scheme === 'first' && isFirst));
    const piece = { text: isPrefixed ? replacement + replaced : replaced, isFirst };
    return split ? parts(piece, found, 'MergedWithNext') : [piece];
  };
}
