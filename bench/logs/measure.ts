/** One figure of a run on disk, in a process of its own: `node bench/logs/measure.ts WHAT ROOT ID`. Prints JSON. */
import { readFileSync } from 'node:fs';
import { AlarmWatch } from '../../src/experiment/alarms/alarmWatch.ts';
import { evidenceOf, validatedRun } from '../../src/experiment/evidence.ts';
import { RunIndex } from '../../src/runs/index/runIndex.ts';
import { seriesOf } from '../../src/runs/index/series.ts';
import { RunLog } from '../../src/runs/runLog.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { FIRST } from './series.ts';

const COLUMNS = 1000;
const ZOOMED = 500;

/** Milliseconds by the clock, and of processor time: other processes make the first longer. */
export interface Times {
  readonly ms: number;
  readonly cpu: number;
}

export interface Measurement extends Times {
  /** Peak resident memory of the process, MiB. */
  readonly mib: number;
}

const [what = '', root = '', id = ''] = process.argv.slice(2);

async function timed(work: () => Promise<unknown>): Promise<Times> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return { ms: performance.now() - began, cpu: (user + system) / 1000 };
}

async function theRun(): Promise<RunSummary> {
  const runs = await new RunStore(root).list();
  return runs.find(({ manifest }) => manifest.id === id)!;
}

const figures: Readonly<Record<string, () => Promise<Times>>> = {
  list: () => timed(() => new RunStore(root).list()),
  async again() {
    const store = new RunStore(root);
    await store.list();
    return timed(() => store.list());
  },
  async index() {
    const run = await theRun();
    return timed(() => RunIndex.use(run, async () => {}));
  },
  async picture() {
    const run = await theRun();
    return timed(() =>
      RunIndex.use(run, (index) =>
        index.window({ from: 1, to: Number.MAX_SAFE_INTEGER, columns: COLUMNS }, FIRST),
      ),
    );
  },
  /** The slowest of ten places. */
  async zoom() {
    const run = await theRun();
    return RunIndex.use(run, async (index) => {
      let slowest: Times = { ms: 0, cpu: 0 };
      for (let i = 0; i < 10; i++) {
        const from = 1 + Math.floor((index.count - ZOOMED) * ((i * 0.618) % 1));
        const window = { from, to: from + ZOOMED - 1, columns: COLUMNS };
        const all = seriesOf(run.manifest);
        const times = await timed(() => index.window(window, all));
        if (times.ms > slowest.ms) slowest = times;
        const { bucket, first } = await index.window(window, []);
        if (bucket !== 1 || first.length !== ZOOMED) throw new Error('not every step is there');
      }
      return slowest;
    });
  },
  async resume() {
    const run = await theRun();
    const observer = new AlarmWatch(run.manifest);
    const { manifest, folder } = run;
    return timed(async () => {
      const log = await RunLog.open(folder, { manifest, observer, onEvent() {}, assertHeld() {} });
      log.close();
    });
  },
  async seeds() {
    const runs = await new RunStore(root).list();
    return timed(async () => {
      const validated = await Promise.all(runs.map(validatedRun));
      evidenceOf(validated, runs[0]!.manifest.metric.name, null);
    });
  },
};

const times = await figures[what]!();
const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
console.log(JSON.stringify({ ...times, mib: Number(kib ?? 0) / 1024 } satisfies Measurement));
