import path from 'node:path';
import * as z from 'zod';
import { CONFIG_FILE } from '../architecture/checkpointConfig.ts';
import type { JsonObject } from '../checkpointFile.ts';
import { type Recipe, recipes } from './recipes.ts';
import { readOptional } from './settings.ts';

/** The tokenizer class of transformers 5 for each `model_type` that has one. */
const classOfModel: Readonly<Record<string, string>> = {
  bert: 'BertTokenizer',
  distilbert: 'BertTokenizer',
  roberta: 'RobertaTokenizer',
  camembert: 'CamembertTokenizer',
  'xlm-roberta': 'XLMRobertaTokenizer',
  gpt2: 'GPT2Tokenizer',
  mistral: 'TokenizersBackend',
  qwen2: 'Qwen2Tokenizer',
  qwen3: 'Qwen2Tokenizer',
};

/** Models whose checkpoints often name a wrong class, so transformers ignores it. */
const CLASS_IS_IGNORED = new Set(['qwen2']);

/** Other classes of transformers 5 that do not take over all of tokenizer.json, but build parts of it by rules of their own. */
const OTHER_CLASSES = new Set(
  `Albert Barthez BigBird Blenderbot CLIP CodeGen CodeLlama Cohere DPRContextEncoder DPRQuestionEncoder DPRReader Deberta
  DebertaV2 Esmc Funnel GPTNeoX Gemma Herbert Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Luke MBart50 MBart MLuke MPNet MarkupLM
  Nllb Nougat OpenAIGPT Pegasus Qwen3_5 Reformer RemBert RoFormer SeamlessM4T Siglip2 Splinter T5 Tipsv2 Udop VideoPrism
  Whisper XGLM XLNet Bartpho BertGeneration BertJapanese Bertweet BioGpt BlenderbotSmall ByT5 CTRL Canine Clvp CpmAnt Cpm
  Dia Esm FSMT FastSpeech2Conformer Flaubert GPTNeoXJapanese GPTSw3 M2M100 Marian Mgpstr MyT5 PLBart Perceiver Phobert
  Pop2Piano ProphetNet RoCBert Siglip Speech2Text SpeechT5 Tapas Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC XLM`
    .split(/\s+/)
    .map((name) => `${name}Tokenizer`),
);

const names = z.object({
  model_type: z.string().nullish(),
  tokenizer_class: z.string().nullish(),
});

/**
 * Finds the class with which transformers' AutoTokenizer opens a checkpoint.
 * @param config the content of tokenizer_config.json
 * @param tokenizer the content of tokenizer.json
 * @returns how the class changes tokenizer.json; null if it takes it as it is
 * @throws Error naming a class that is not supported
 */
export async function recipeOf(
  folder: string,
  config: JsonObject,
  tokenizer: JsonObject,
): Promise<Recipe | null> {
  const network = names.parse(await readOptional(path.join(folder, CONFIG_FILE)));
  const named = names.parse(config).tokenizer_class ?? network.tokenizer_class;
  const type = network.model_type ?? '';
  const declared = named?.replace(/Fast$/, '') ?? null;
  const usual = Object.hasOwn(classOfModel, type) ? classOfModel[type]! : null;
  const chosen = chosenClass(declared, usual, type, tokenizer);
  if (chosen === null) return null;
  if (Object.hasOwn(recipes, chosen)) return recipes[chosen]!;
  if (!OTHER_CLASSES.has(chosen)) return null;
  throw new Error(
    `the tokenizer_class ${chosen} of tokenizer_config.json is not supported. Expected one of ${Object.keys(recipes).join(', ')}, or PreTrainedTokenizerFast, which takes tokenizer.json as it is`,
  );
}

function chosenClass(
  declared: string | null,
  usual: string | null,
  type: string,
  tokenizer: JsonObject,
): string | null {
  const ignoresDeclared = CLASS_IS_IGNORED.has(type);
  if (declared === 'LlamaTokenizer' && !ignoresDeclared && hasByteLevel(tokenizer)) return null;
  if (declared === null) return usual;
  if (usual === null || usual === declared) return declared;
  if (usual === 'TokenizersBackend') return null;
  return ignoresDeclared ? usual : declared;
}

/** As transformers does, which searches the file. */
function hasByteLevel({ model, added_tokens, ...parts }: JsonObject): boolean {
  return JSON.stringify(parts).includes('"ByteLevel"');
}
