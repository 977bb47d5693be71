import * as z from 'zod';
import { CheckpointError } from '../checkpointFile.ts';
import { byteTokens } from './characters.ts';
import { Trie } from './trie.ts';
import { EMPTY, type TokenModel } from './vocabulary.ts';

export const unigramSchema = z.object({
  vocab: z.array(z.tuple([z.string(), z.number()])).min(1, EMPTY),
  unk_id: z.int().nonnegative().nullish(),
  byte_fallback: z.boolean().default(false),
});

/** An unknown character scores this much less than the least probable token. */
const UNKNOWN_PENALTY = 10;

/** The most probable sequence of tokens (Kudo 2018, arXiv 1804.10959), by Viterbi's algorithm. */
export function unigram(
  { vocab, unk_id, byte_fallback }: z.infer<typeof unigramSchema>,
  at: string,
): TokenModel {
  if (unk_id != null && unk_id >= vocab.length) {
    throw new Error(`${at}.unk_id is ${unk_id}, but its vocab has ${vocab.length} tokens`);
  }
  const ids = new Map(vocab.map(([token], id) => [token, id]));
  const trie = new Trie();
  for (const [token, id] of ids) if (token !== '') trie.set(token, id);
  const scores = Float64Array.from(vocab, ([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score)) - UNKNOWN_PENALTY;

  const unknown = (): number => {
    if (unk_id != null) return unk_id;
    throw new CheckpointError(
      'a text has a character that the tokenizer does not know, and its model has no unk_id',
    );
  };
  const idsOf = (part: string): readonly number[] => {
    const id = ids.get(part);
    if (id !== undefined) return [id];
    const bytes = byte_fallback ? byteTokens(part).map((token) => ids.get(token)) : [undefined];
    return bytes.every((byte) => byte !== undefined) ? bytes : [unknown()];
  };

  return {
    type: 'Unigram',
    size: vocab.length,
    idOf: (token) => ids.get(token),
    tokenOf: (id) => vocab[id]?.[0],
    tokenize(text) {
      const path = bestPath(text, trie, scores, unknownScore, unknown);
      return fused(path, unk_id ?? null).flatMap(([start, end]) => idsOf(text.slice(start, end)));
    },
  };
}

interface Step {
  readonly start: number;
  readonly end: number;
  readonly id: number;
}

function bestPath(
  text: string,
  trie: Trie,
  scores: Float64Array,
  unknownScore: number,
  unknown: () => number,
): readonly Step[] {
  const best = new Float64Array(text.length + 1);
  const starts = new Int32Array(text.length + 1).fill(-1);
  const ids = new Int32Array(text.length + 1);
  const offer = (start: number, end: number, id: number, score: number) => {
    const candidate = score + best[start]!;
    if (starts[end] !== -1 && candidate <= best[end]!) return;
    best[end] = candidate;
    starts[end] = start;
    ids[end] = id;
  };
  for (let start = 0; start < text.length; ) {
    const next = start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
    let hasCharacter = false;
    trie.forEachAt(text, start, (end, id) => {
      offer(start, end, id, scores[id]!);
      hasCharacter ||= end === next;
    });
    if (!hasCharacter) offer(start, next, unknown(), unknownScore);
    start = next;
  }
  const path: Step[] = [];
  for (let end = text.length; end > 0; end = starts[end]!) {
    path.push({ start: starts[end]!, end, id: ids[end]! });
  }
  return path.reverse();
}

/** Neighbouring unknown parts are one. */
function fused(path: readonly Step[], unknown: number | null): readonly [number, number][] {
  const parts: [number, number][] = [];
  let wasUnknown = false;
  for (const { start, end, id } of path) {
    const isUnknown = id === unknown;
    if (isUnknown && wasUnknown) parts.at(-1)![1] = end;
    else parts.push([start, end]);
    wasUnknown = isUnknown;
  }
  return parts;
}
