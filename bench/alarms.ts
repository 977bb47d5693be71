/**
 * How often the rules of src/experiment/alarms are right: `node bench/alarms.ts [--seeds 10] [--jobs 2]` applies them to the runs of
 * bench/guarantee.ts, and to runs that it makes to fail, and writes docs/alarms.md's tables.
 *
 * Every run stays in .cache/alarms: a bench that was stopped continues where it was, and changed rules are measured again
 * without training. With `--seeds 0` nothing is trained.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { type AlarmCode, alarmCodes } from '../src/config/alarms.ts';
import { table } from '../src/experiment/markdown.ts';
import { wilsonInterval } from '../src/experiment/statistics/failures.ts';
import { significant } from '../src/experiment/wording.ts';
import { RunStore, type RunSummary } from '../src/runs/store.ts';
import { type FailingSetting, folderOf } from './alarms/failingSetting.ts';
import { isHealthy, loggedRuns } from './alarms/loggedRuns.ts';
import { type Observed, observe } from './alarms/observed.ts';
import { settings } from './alarms/settings.ts';
import { circumstances, writeFigures } from './readme.ts';
import { inParallel, trainSeeds } from './trainSeeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    jobs: { type: 'string', default: '2' },
  },
});
const docs = fileURLToPath(new URL('../docs/alarms.md', import.meta.url));

type Raised = Observed['raised'];
const raisedIn = (observed: readonly Observed[]) => observed.map(({ raised }) => raised);
const withAlarm = (rule: AlarmCode, runs: readonly Raised[]) =>
  runs.filter((raised) => raised.has(rule)).length;
const usual = Number(values.seeds);
const seedsOf = ({ seeds = usual }: FailingSetting) =>
  Array.from({ length: usual === 0 ? 0 : seeds }, (_, seed) => seed);
await inParallel(settings, Number(values.jobs), async (next, core) => {
  const config = next.config();
  if (config) await trainSeeds(folderOf(next), config, seedsOf(next), core);
});

const logged = await observe(await loggedRuns());
const failing = new Map<FailingSetting, readonly Raised[]>();
for (const setting of settings) {
  const made = await new RunStore(folderOf(setting)).list();
  const own = await observe(
    made.filter(({ status }) => status === 'finished' || status === 'failed'),
  );
  const alike = logged.filter(({ run }) => setting.isLogged?.(run));
  const failed = [...own, ...alike].filter(({ isAlone }) => isAlone || !setting.alone);
  const { claim } = setting;
  const claiming = claim ? await observe(logged.flatMap(({ run }) => claim(run) ?? [])) : [];
  failing.set(setting, raisedIn([...failed, ...claiming]));
}
const healthy = logged.filter(({ run }) => isHealthy(run));
const onHealthy = raisedIn(healthy);

const rules = alarmCodes.map((rule) => {
  const made = [...failing].filter(([{ detects }]) => detects.includes(rule));
  const runs = made.flatMap(([, raised]) => raised);
  const found = runs.flatMap((raised) => raised.get(rule) ?? []);
  return [
    `[${rule}](#${rule})`,
    ...rateCells(withAlarm(rule, onHealthy), onHealthy.length),
    ...rateCells(found.length, runs.length),
    found.length === 0 ? '–' : String(median(found)),
  ];
});
const header = ['rule', 'false alarms', '95 %', 'detected', '95 %', 'median step'];

const ways = [...failing].flatMap(([{ title, detects }, raised]) =>
  detects.map((rule) => [title, rule, `${withAlarm(rule, raised)} of ${raised.length}`]),
);

const also = [...failing].map(([{ title, detects }, raised]) => {
  const others = alarmCodes.flatMap((rule) => {
    const count = withAlarm(rule, raised);
    return count > 0 && !detects.includes(rule) ? [`${rule} ${count}`] : [];
  });
  const any = raised.filter((of) => of.size > 0).length;
  return [title, `${any} of ${raised.length}`, others.join(', ') || '–'];
});

const kindOf = ({ manifest: { task, groups, aggregation } }: RunSummary) =>
  `${task}, groups by ${groups.by}, ${aggregation.name}`;
const counted = [...new Set(healthy.map(({ run }) => kindOf(run)))].sort().map((kind) => {
  const runs = raisedIn(healthy.filter(({ run }) => kindOf(run) === kind));
  const alarms = alarmCodes.flatMap((rule) => {
    const count = withAlarm(rule, runs);
    return count > 0 ? [`${rule} ${count}`] : [];
  });
  return [kind, String(runs.length), alarms.join(', ') || '–'];
});

const text = [
  circumstances(),
  table([header, ...rules], 1),
  'How runs were made to fail, each way with seeds of its own:',
  table([['runs', 'rule', 'detected'], ...ways], 2),
  'What else was raised on runs made to fail:',
  table([['runs', 'with an alarm', 'other rules'], ...also], 1),
  'The healthy runs:',
  table([['task, groups, aggregator', 'runs', 'false alarms'], ...counted], 1),
].join('\n\n');
console.log(text);
writeFigures('alarms', text, docs);

/** "19 of 20", and Wilson's interval of the rate: "76 … 99 %". */
function rateCells(count: number, n: number): [string, string] {
  if (n === 0) return ['–', '–'];
  const { low, high } = wilsonInterval({ count, n });
  return [`${count} of ${n}`, `${significant(100 * low, 2)} … ${significant(100 * high, 2)} %`];
}
