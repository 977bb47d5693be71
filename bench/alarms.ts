/**
 * How often the rules of src/experiment/alarms are right: `node bench/alarms.ts [--jobs 1]` trains healthy runs and runs that are
 * made to fail, applies the rules to their logs, and writes docs/alarms.md's tables.
 *
 * Every run stays in .cache/alarms: a bench that was stopped continues where it was, and changed rules are measured again
 * without training.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { type AlarmCode, alarmCodes } from '../src/config/alarms.ts';
import { AlarmWatch } from '../src/experiment/alarms/alarmWatch.ts';
import { table } from '../src/experiment/markdown.ts';
import { RunStore, type RunSummary } from '../src/runs/store.ts';
import { readEvents } from '../src/runs/tail.ts';
import { type AlarmSetting, folderOf, settings } from './alarms/settings.ts';
import { circumstances, writeFigures } from './readme.ts';
import { trainSeeds } from './trainSeeds.ts';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1' } } });
const docs = fileURLToPath(new URL('../docs/alarms.md', import.meta.url));

/** What the rules find in one run. */
interface Result {
  readonly setting: AlarmSetting;
  /** Of the last validation. */
  readonly metric: number;
  /** The step at which each rule first raised its alarm. */
  readonly raised: ReadonlyMap<string, number>;
}

async function resultOf(setting: AlarmSetting, run: RunSummary): Promise<Result> {
  const watch = new AlarmWatch(run.manifest);
  const raised = new Map<string, number>();
  for (const event of await readEvents(run.folder)) {
    for (const { rule, state, step } of watch.observe(event)) {
      if (state === 'raised' && !raised.has(rule)) raised.set(rule, step);
    }
  }
  return { setting, metric: run.lastMetric?.value ?? Number.NaN, raised };
}

const configs = new Map<AlarmSetting, Awaited<ReturnType<AlarmSetting['config']>>>();
for (const setting of settings) {
  configs.set(setting, await setting.config());
  if (!configs.get(setting)) console.error(`${setting.title}: its data are missing here`);
}
const jobs = settings.flatMap((setting) =>
  Array.from({ length: setting.seeds }, (_, seed) => ({ setting, seed })),
);
const waiting = jobs.values();
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async (_, job) => {
    const core = job % availableParallelism();
    for (const { setting, seed } of waiting) {
      const config = configs.get(setting);
      if (config) await trainSeeds(folderOf(setting, seed), config, [seed], core);
    }
  }),
);
const results: Result[] = [];
for (const { setting, seed } of jobs) {
  const runs = await new RunStore(folderOf(setting, seed)).list();
  const ended = runs.filter(({ status }) => status === 'finished' || status === 'failed');
  results.push(...(await Promise.all(ended.map((run) => resultOf(setting, run)))));
}
const healthy = results.filter(({ setting }) => setting.detects.length === 0);

const rules = table(
  [
    ['rule', 'false alarms', 'detected', 'median step', 'runs made to fail'],
    ...alarmCodes.map((rule) => {
      const wrong = healthy.filter(({ raised }) => raised.has(rule)).length;
      const ill = results.filter(({ setting }) => setting.detects.includes(rule));
      const found = ill.filter(({ raised }) => raised.has(rule));
      const titles = [...new Set(ill.map(({ setting }) => setting.title))];
      return [
        `[${rule}](#${rule})`,
        `${wrong} of ${healthy.length}`,
        ill.length === 0 ? '–' : `${found.length} of ${ill.length}`,
        found.length === 0 ? '–' : String(median(found.map(({ raised }) => raised.get(rule)!))),
        titles.join('; ') || 'none could be made',
      ];
    }),
  ],
  1,
);

const runs = table(
  [
    ['runs', 'number', 'final metric', 'with an alarm', 'rules'],
    ...settings.flatMap((setting) => {
      const own = results.filter((result) => result.setting === setting);
      if (own.length === 0) return [];
      const metrics = own.map(({ metric }) => metric);
      return [
        [
          setting.title,
          String(own.length),
          `${Math.min(...metrics).toFixed(2)} … ${Math.max(...metrics).toFixed(2)}`,
          String(own.filter(({ raised }) => raised.size > 0).length),
          countsOf(own),
        ],
      ];
    }),
  ],
  1,
);

const text = `${circumstances()}\n\n${rules}\n\nAll alarms of these runs:\n\n${runs}`;
console.log(text);
writeFigures('alarms', text, docs);

/** "starved-group 10, loss-spike 1": in how many of the runs each rule raised an alarm. */
function countsOf(own: readonly Result[]): string {
  const counts = alarmCodes.flatMap((rule: AlarmCode) => {
    const count = own.filter(({ raised }) => raised.has(rule)).length;
    return count > 0 ? [`${rule} ${count}`] : [];
  });
  return counts.join(', ') || '–';
}
