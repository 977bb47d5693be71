import { type DataFormat, dataFormats } from './dataSchema.ts';
import type { Path } from './diagnostic.ts';
import { extensionOf } from './fileKinds.ts';
import type { Config } from './schema.ts';

type Data = Config['data'];

/** Validation examples that are drawn from the training file. */
export type ValidationSplit = Exclude<Data['validation'], string | string[]>;

export function isSplit(validation: Data['validation']): validation is ValidationSplit {
  return typeof validation === 'object' && !Array.isArray(validation);
}

/** The keys of `data` that name files. */
export function fileKeys({ validation }: Pick<Data, 'validation'>): readonly FileKey[] {
  return isSplit(validation) ? ['train'] : ['train', 'validation'];
}

type FileKey = 'train' | 'validation';

/** The files that examples are read from, as the config names them: paths and patterns. */
export function namedFiles(data: Pick<Data, FileKey>, key: FileKey): readonly string[] {
  const { train, validation } = data;
  const named = key === 'train' || isSplit(validation) ? train : validation;
  return typeof named === 'string' ? [named] : named;
}

/** Where the file of that index is written. */
export function filePath(data: Pick<Data, FileKey>, key: FileKey, index: number): Path {
  return Array.isArray(data[key]) ? ['data', key, index] : ['data', key];
}

/** Names that say how a table is written, in messages. */
export const TABLE_NAMES = 'a file that ends in .csv, .tsv, .jsonl, .json, .parquet or .arrow';

/** The format of a table, by the file's extension; null if that does not say. */
export function formatOf(file: string): DataFormat | null {
  const extension = extensionOf(file);
  if (extension === 'ndjson') return 'jsonl';
  if (extension === 'feather' || extension === 'ipc') return 'arrow';
  return dataFormats.find((format) => format === extension) ?? null;
}

/** Whether examples are texts, for a transformer; else they are rows of numbers. */
export function readsTexts({ text, prompt }: Data): boolean {
  return text !== undefined || prompt !== undefined;
}

/** Whether examples are images for a network of transformers: files, or with `device: torch` rows of pixels. */
export function readsImages({ data, device }: Pick<Config, 'data' | 'device'>): boolean {
  return data.imageFile !== undefined || (device === 'torch' && data.image !== undefined);
}

/** Whether a network of transformers is trained, rather than one of layers. */
export function trainsTransformer(config: Pick<Config, 'data' | 'device'>): boolean {
  return readsTexts(config.data) || readsImages(config);
}

/** The columns of `data.text`, which may be written as one name or as a list. */
export function textColumns({ text = [] }: Data): readonly string[] {
  return typeof text === 'string' ? [text] : text;
}

/** Maximum number of tokens of an example, special ones included. */
export function maxLengthOf({ task, data }: Pick<Config, 'task' | 'data'>): number {
  return data.maxLength ?? (task === 'generation' ? 512 : 128);
}

/** Part of a prompt: literal text, or a placeholder for a column's text. */
type PromptPart = { readonly written: string } | { readonly column: string };

/** The text that a model continues. */
export type Prompt = readonly PromptPart[];

/** `{column}`, and doubled braces for literal ones. */
const PLACEHOLDER = /(\{\{|\}\}|\{[^{}]+\})/;

/** By `data.prompt`; without it the texts, each followed by a newline. */
export function promptOf(data: Data): Prompt {
  if (data.prompt === undefined) {
    return textColumns(data).flatMap((column) => [{ column }, { written: '\n' }]);
  }
  const parts = data.prompt.split(PLACEHOLDER).filter((part) => part !== '');
  return parts.map((part) => {
    if (part === '{{' || part === '}}') return { written: part[0]! };
    return PLACEHOLDER.test(part) ? { column: part.slice(1, -1) } : { written: part };
  });
}

/** Distinct columns, in the order of their placeholders. */
export function promptColumns(prompt: Prompt): readonly string[] {
  return [...new Set(prompt.flatMap((part) => ('column' in part ? part.column : [])))];
}

export function filled(prompt: Prompt, textOf: (column: string) => string): string {
  return prompt.map((part) => ('column' in part ? textOf(part.column) : part.written)).join('');
}
