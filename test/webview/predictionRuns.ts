/** Finished runs on disk with predictions of real data files, as the trainer writes them. */

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig } from '../../src/config/parse.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import type { Prediction } from '../../src/runs/predictions.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { summary } from '../unit/extension/fixtures.ts';

export type Task = 'classification' | 'regression' | 'generation';

const ANIMALS = ['cat', 'dog', 'horse'];

interface Example {
  readonly row: Readonly<Record<string, string>>;
  predicted(seed: number): Omit<Prediction, 'index'>;
}

/** Of every seventh example seeds differ; of every twelfth all are wrong. */
function example(task: Task, i: number): Example {
  const source = i % 2 === 0 ? 'letters' : 'books';
  const isWrong = (seed: number) => i % 12 === 5 || (i % 7 === 3 && seed !== 0);
  if (task === 'classification') {
    const animal = ANIMALS[i % 3]!;
    return {
      row: { text: `The ${animal} number ${i} sleeps.`, label: animal, source },
      predicted: (seed) => {
        const prediction = isWrong(seed) ? ANIMALS[(i + 2 - (seed % 2)) % 3]! : animal;
        const sure = 0.5 + 0.4 * Math.abs(Math.sin(i + seed));
        const chance = (name: string) => (name === prediction ? sure : (1 - sure) / 2);
        const probabilities = Object.fromEntries(ANIMALS.map((name) => [name, chance(name)]));
        return { target: animal, prediction, probabilities };
      },
    };
  }
  if (task === 'regression') {
    const target = Math.round(500 * (1 + Math.sin(i))) / 100;
    return {
      row: { text: `Example ${i} is worth ${target}.`, label: String(target), source },
      predicted: (seed) => ({
        target,
        prediction: target + 0.4 * Math.sin(3 * i + seed) + (i % 12 === 5 ? 2 : 0),
      }),
    };
  }
  const answer = `${i} and 1 are ${i + 1}.\n#### ${i + 1}`;
  return {
    row: { question: `How much are\n${i} and 1?`, answer, source },
    predicted: (seed) => {
      const said = isWrong(seed) ? i + 2 + seed : i + 1;
      return {
        target: answer,
        prediction: `Let me count, as seed ${seed}.\n#### ${said}`,
        correct: said === i + 1,
      };
    },
  };
}

const keys: Readonly<Record<Task, string>> = {
  classification: 'text: text, target: label',
  regression: 'text: text, target: label',
  generation: 'prompt: "Q: {question} A:", target: answer, answerAfter: "####"',
};

/** Writes data files and runs of two methods. @param root folder that is to hold `.grain` */
export async function writePredictionRuns(
  root: string,
  task: Task,
  { examples = 120, seeds = [0, 1, 2] }: { examples?: number; seeds?: readonly number[] } = {},
): Promise<readonly RunSummary[]> {
  const all = Array.from({ length: examples }, (_, i) => example(task, i));
  const validation = all.map(({ row }) => `${JSON.stringify(row)}\n`).join('');
  mkdirSync(path.join(root, 'data'), { recursive: true });
  writeFileSync(path.join(root, 'data/train.jsonl'), validation);
  writeFileSync(path.join(root, 'data/dev.jsonl'), validation);
  const yaml = `name: animals
task: ${task}
model: { from: somewhere/model }
data: { train: data/train.jsonl, validation: data/dev.jsonl, ${keys[task]} }
groups: { by: column:source }
aggregate: [grain, mean]
`;
  const { config } = parseConfig(yaml, path.join(root, 'grain.yaml'));
  for (const aggregator of ['grain', 'mean']) {
    for (const seed of seeds) {
      const { manifest } = summary({ experiment: 'animals-1', aggregator, seed, groups: ['a'] });
      const folder = path.join(root, '.grain/runs', manifest.id);
      mkdirSync(folder, { recursive: true });
      const own = {
        ...manifest,
        experiment: { id: 'animals-1', name: 'animals' },
        task,
        config,
        configPath: 'grain.yaml',
        groups: { by: 'column:source', names: ['books', 'letters'] },
        fingerprints: {
          ...manifest.fingerprints,
          validation: createHash('sha256').update(validation).digest('hex'),
        },
        device: { backend: 'torch', name: 'processor' },
      };
      writeFileSync(runFile(folder, 'manifest'), JSON.stringify(own));
      // The mean's seeds are as others of grain's would be.
      const as = aggregator === 'grain' ? seed : seed + seeds.length;
      const lines = all.map(({ predicted }, index) => ({ index, ...predicted(as) }));
      writeFileSync(
        runFile(folder, 'predictions'),
        lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      );
      const at = Date.parse(manifest.createdAt);
      const events = [
        { kind: 'start', at, pid: 1, fromStep: 0 },
        { kind: 'end', at: at + 1000, step: manifest.steps, status: 'finished' },
      ];
      writeFileSync(
        runFile(folder, 'events'),
        events.map((event) => `${JSON.stringify(event)}\n`).join(''),
      );
    }
  }
  return new RunStore(root).list();
}
