/**
 * What methods do to the final metric, its spread and the conflicts of actual updates, with paired seeds:
 * `node bench/guarantee.ts [--seeds 20] [--settings 'a;b'] [--methods 'a;b'] [--jobs 2]` writes docs/guarantee.md's tables.
 *
 * Every run stays in .cache/guarantee: a bench that was stopped continues where it was, and more seeds add to those there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { RunStore } from '../src/runs/store.ts';
import { type Method, methods } from './guarantee/methods.ts';
import { type Setting, settings } from './guarantee/settings.ts';
import { tableOf } from './guarantee/table.ts';
import { cache } from './peers/venv.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    settings: { type: 'string' },
    methods: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const docs = fileURLToPath(new URL('../docs/guarantee.md', import.meta.url));
const chosen = (names: string | undefined, name: string) =>
  names === undefined || names.split(';').includes(name);

function folderOf({ name }: Setting, method: Method): string {
  return path.join(cache, 'guarantee', name, method.name.replaceAll(/\W+/g, '-'));
}

interface Job {
  readonly setting: Setting;
  readonly config: Record<string, unknown>;
  readonly method: Method;
}

/** Trains the seeds that are not there yet. */
async function train(
  { setting, config, method }: Job,
  seeds: readonly number[],
  core: number,
): Promise<void> {
  const folder = folderOf(setting, method);
  const ended = (await new RunStore(folder).list())
    .filter(({ status }) => status === 'finished' || status === 'failed')
    .map(({ manifest }) => manifest.seed.init);
  const missing = seeds.filter((seed) => !ended.includes(seed));
  if (missing.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'grain.yaml');
  const changes = { name: setting.name, aggregate: [method.entry], seeds: missing };
  writeFileSync(file, stringify({ ...config, ...changes }));
  const args = ['--disable-warning=ExperimentalWarning', cli, 'run', file, '--json'];
  // Kernels take a thread for each core that they may run on: jobs side by side have one each.
  const child = spawn('taskset', ['--cpu-list', String(core), process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'close');
  // 1: a run failed, which is a result.
  if (status !== 0 && status !== 1) throw new Error(`grain run ${file}: exit status ${status}`);
}

const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const wanted = settings.filter(({ name }) => chosen(values.settings, name));
const compared = methods.filter(({ name }) => chosen(values.methods, name));
const jobs: Job[] = [];
for (const setting of wanted) {
  const config = await setting.config();
  if (config === null) console.error(`${setting.title}: its data are missing on this machine`);
  else jobs.push(...compared.map((method) => ({ setting, config, method })));
}
const waiting = jobs.values();
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async (_, job) => {
    for (const next of waiting) await train(next, seeds, job);
  }),
);
for (const setting of wanted) {
  const runs = await Promise.all(
    methods.map(async (method) => ({
      method,
      runs: await new RunStore(folderOf(setting, method)).list(),
    })),
  );
  const table = await tableOf(
    setting,
    runs.filter(({ runs }) => runs.length > 0),
  );
  console.log(`\n${setting.title}\n\n${table}`);
  writeFigures(setting.name, `${circumstances()}\n\n${table}`, docs);
}
