/** Damaged tokenizers that both this package and transformers open give the same tokens. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointError } from '../../src/hub/checkpointFile.ts';
import { openTokenizer } from '../../src/hub/tokenizer/tokenizer.ts';
import { random } from '../unit/engine/random.ts';
import { type Asked, answersOfTransformers } from '../unit/hub/tokenizerPeer.ts';
import { tokenizers } from './checkpointFiles.ts';
import { Choices, mutatedJson } from './mutations.ts';

const texts = ['hello world', ' a  b ', '<s>x</s> #é\u0000 12 日本\n', "it's a.b, C! <x>"];
/** Little enough damage that half of the tokenizers can still be opened. */
const RATE = 0.15;
const requests = texts.map((text): Asked => [text, 'b', 12, []]);

export interface Compared {
  /** Opened by both, with the same tokens. */
  readonly equal: number;
  readonly refusedHere: number;
  readonly refusedThere: number;
}

/** @throws AssertionError for the first tokenizer whose tokens differ */
export async function compareWithTransformers(count: number, seed: number): Promise<Compared> {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-fuzz-tokens-'));
  try {
    const made = Array.from({ length: count }, (_, i) => `${i}`);
    for (const name of made)
      write(path.join(folder, name), new Choices(random(seed * 1e6 + +name)));
    const expected = await answersOfTransformers({ folder, requests, made });
    const compared = { equal: 0, refusedHere: 0, refusedThere: 0 };
    for (const name of made) {
      const here = await answersOf(path.join(folder, name));
      const there = expected[name]!;
      if (there.error !== undefined) compared.refusedThere++;
      if (here === null) compared.refusedHere++;
      if (here === null || there.error !== undefined) continue;
      const answers = there.answers.map(({ plain, ids, typeIds, text }) => ({
        ...{ plain, ids, typeIds, text },
      }));
      assert.deepEqual(here, answers, `tokenizer ${name} of seed ${seed}`);
      compared.equal++;
    }
    return compared;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(folder: string, choices: Choices): void {
  const { tokenizer, config } = choices.of(tokenizers);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'tokenizer.json'), mutatedJson(tokenizer, choices, RATE));
  const damaged = choices.chance(0.3) ? mutatedJson(config, choices, RATE) : JSON.stringify(config);
  writeFileSync(path.join(folder, 'tokenizer_config.json'), damaged);
}

/** Null if it is refused. */
async function answersOf(folder: string) {
  try {
    const tokenizer = await openTokenizer(folder);
    return texts.map((text) => {
      const { ids, typeIds } = tokenizer.encode(text, 'b', 12);
      const plain = [...tokenizer.encodePlain(text)];
      return { plain, ids: [...ids], typeIds: [...typeIds], text: tokenizer.decode(plain) };
    });
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof RangeError) return null;
    throw error;
  }
}
