/**
 * What methods do to the final metric, its spread and the conflicts of actual updates, with paired seeds:
 * `node bench/guarantee.ts [--seeds 20] [--settings 'a;b'] [--methods 'a;b'] [--jobs 2]` writes docs/guarantee.md's tables.
 *
 * Every run stays in .cache/guarantee: a bench that was stopped continues where it was, and more seeds add to those there.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RunStore } from '../src/runs/store.ts';
import { type Method, methods } from './guarantee/methods.ts';
import { type Setting, settings } from './guarantee/settings.ts';
import { tableOf } from './guarantee/table.ts';
import { cache } from './peers/venv.ts';
import { circumstances, writeFigures } from './readme.ts';
import { trainSeeds } from './trainSeeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    settings: { type: 'string' },
    methods: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});
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

function train({ setting, config, method }: Job, core: number): Promise<void> {
  const changes = { name: setting.name, aggregate: [method.entry] };
  return trainSeeds(folderOf(setting, method), { ...config, ...changes }, seeds, core);
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
    for (const next of waiting) await train(next, job);
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
