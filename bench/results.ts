/**
 * Short real runs of the examples that fine-tune transformers: `node bench/results.ts [name…]` writes their results to
 * docs/results.md. Models come from packages of the tests' Python; data are found as in test/realData.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { localConfig, type TextExample } from '../test/examples.ts';
import { missingData } from '../test/realData.ts';
import { cache } from './peers/venv.ts';
import { report } from './results/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = path.join(root, 'src/cli/main.ts');

interface Job {
  readonly name: TextExample;
  /** Changes to the example's config. */
  readonly changes: Readonly<Record<string, unknown>>;
  /** Changes to its section `data`. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const jobs: readonly Job[] = [
  {
    name: 'rte',
    changes: { steps: 78, evaluateEvery: 13, seeds: [0, 1, 2] },
  },
  {
    name: 'stsb',
    changes: { steps: 360, evaluateEvery: 60, seeds: [0, 1] },
  },
  {
    name: 'gsm8k',
    data: { maxLength: 256, maxNewTokens: 96 },
    changes: {
      steps: 24,
      batchSize: 8,
      evaluateEvery: 12,
      evaluateExamples: 16,
      seeds: [0],
    },
  },
];

async function train({ name, changes, data }: Job): Promise<string> {
  const folder = path.join(cache, 'results', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'grain.yaml');
  writeFileSync(file, stringify(await localConfig(name, changes, data)));
  const args = ['--disable-warning=ExperimentalWarning', cli, 'run', file];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`grain run ${file}: exit status ${status}`);
  return folder;
}

const missing = missingData();
if (missing) throw new Error(missing);
const wanted = process.argv.slice(2);
for (const job of jobs) {
  if (wanted.length > 0 && !wanted.includes(job.name)) continue;
  await report(job.name, await train(job));
}
