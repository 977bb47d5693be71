import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { python } from '../../python/python.ts';

/** A text, what follows it, the longest encoding, and token ids to decode. */
export type Asked = readonly [
  text: string,
  pair: string | null,
  maxLength: number,
  ids: readonly number[],
];

/** What transformers makes of the requests with one tokenizer. */
export interface Answers {
  /** Why it cannot be opened; all else is then missing. */
  readonly error?: string;
  /** Number of tokens. */
  readonly size: number;
  readonly special: Record<'pad' | 'eos' | 'bos', number | null>;
  readonly answers: {
    plain: number[];
    ids: number[];
    typeIds: number[];
    text: string;
    decoded: string;
  }[];
}

interface Request {
  readonly folder: string;
  readonly requests: readonly Asked[];
  /** Folders of tokenizers below `folder`. */
  readonly made?: readonly string[];
  /** Names of those that the peer makes itself, trained on `corpus`. */
  readonly tokenizers?: readonly string[];
  readonly corpus?: readonly string[];
}

/** By name of the tokenizer. */
export async function answersOfTransformers(request: Request): Promise<Record<string, Answers>> {
  const asked = path.join(request.folder, 'asked.json');
  await writeFile(asked, JSON.stringify(request));
  const printed = await python('tokenizer_peer.py', [asked]);
  // The Rust library prints what it ignores, before the answers.
  return JSON.parse(printed.trimEnd().split('\n').at(-1)!);
}
