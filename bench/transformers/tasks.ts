import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataFolder } from '../../test/realData.ts';
import { random } from '../../test/unit/engine/random.ts';
import { cache } from '../peers/venv.ts';
import type { Checkpoints } from './checkpoints.ts';

/** A config without groups and aggregation, and a description of its data. */
export interface Task {
  readonly base: object;
  readonly data: string;
}

const ROWS = 512;

/** Textual entailment by MiniLM: pairs of texts, up to 128 tokens. */
export function entailment({ minilm }: Checkpoints, adapter: boolean): Task {
  const { folder, named } = filesOf('rte', 'RTE', ['train.tsv', 'dev.tsv'], (words, row) =>
    [`${row}`, words(60), words(12), row % 2 ? 'entailment' : 'not_entailment'].join('\t'),
  );
  return {
    data: named,
    base: {
      model: { from: minilm, head: 'new', ...(adapter && lora) },
      data: {
        train: path.join(folder, 'train.tsv'),
        validation: path.join(folder, 'dev.tsv'),
        text: ['sentence1', 'sentence2'],
        target: 'label',
      },
      optimizer,
      batchSize: 32,
    },
  };
}

/** School mathematics by SmolLM2-135M, up to 128 tokens. */
export function mathematics({ smollm2 }: Checkpoints, adapter: boolean): Task {
  const { folder, named } = filesOf('gsm8k', 'GSM8K', ['train.jsonl', 'test.jsonl'], (words) =>
    JSON.stringify({ question: words(45), answer: `${words(50)}\n#### 1` }),
  );
  return {
    data: named,
    base: {
      task: 'generation',
      model: { from: smollm2, ...(adapter && lora) },
      data: {
        train: path.join(folder, 'train.jsonl'),
        validation: path.join(folder, 'test.jsonl'),
        text: 'question',
        target: 'answer',
        maxLength: 128,
      },
      optimizer,
      batchSize: 8,
    },
  };
}

const lora = { adapter: { lora: { rank: 8, alpha: 16 } } };
const optimizer = { learningRate: 1e-4, weightDecay: 0.01 };

/** The real files, or generated ones of the same kind. */
function filesOf(
  name: string,
  title: string,
  files: readonly string[],
  rowOf: (words: (count: number) => string, row: number) => string,
): { readonly folder: string; readonly named: string } {
  const real = path.join(dataFolder, name);
  if (files.every((file) => existsSync(path.join(real, file))))
    return { folder: real, named: title };
  const folder = path.join(cache, `bench-${name}`);
  mkdirSync(folder, { recursive: true });
  const { uniform } = random(1);
  const words = (count: number) =>
    Array.from({ length: count }, () => WORDS[Math.floor(uniform() * WORDS.length)]).join(' ');
  const rows = Array.from({ length: ROWS }, (_, row) => rowOf(words, row));
  const head = name === 'rte' ? ['index\tsentence1\tsentence2\tlabel'] : [];
  for (const file of files) writeFileSync(path.join(folder, file), [...head, ...rows].join('\n'));
  return { folder, named: `made-up words in place of ${title}` };
}

const WORDS = 'the a of and to in is it was on for with as by at from this that not are'.split(' ');
