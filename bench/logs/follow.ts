/** What following a run costs that logs 200 steps a second: `node bench/logs/follow.ts ROOT ID`, of a run with at least a step. Prints JSON. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunIndex } from '../../src/runs/index/runIndex.ts';
import { RunStore } from '../../src/runs/store.ts';
import { FIRST } from './series.ts';

const SECONDS = 15;
/** As an open panel is updated. */
const UPDATE_MS = 250;

export interface Following {
  /** Share of a core, 0…1. */
  readonly share: number;
  /** Steps that were followed. */
  readonly steps: number;
}

const [root = '', id = ''] = process.argv.slice(2);
const modules = ['eventWriter', 'index/runIndex', 'store'].map((name) =>
  JSON.stringify(import.meta.resolve(`../../src/runs/${name}.ts`)),
);
/** Repeats the last step, 10 at a time. */
const script = `
  const { EventWriter } = await import(${modules[0]});
  const { RunIndex } = await import(${modules[1]});
  const { RunStore } = await import(${modules[2]});
  const [root, id] = process.argv.slice(1);
  const run = (await new RunStore(root).list()).find(({ manifest }) => manifest.id === id);
  const last = await RunIndex.use(run, (index) => index.lastStep());
  const writer = EventWriter.open(run.folder);
  writer.append({ kind: 'start', at: Date.now(), pid: process.pid, fromStep: last.step });
  let step = last.step;
  setInterval(() => {
    for (let i = 0; i < 10; i++) writer.append({ ...last, at: Date.now(), step: ++step });
  }, 50);
`;

const run = (await new RunStore(root).list()).find(({ manifest }) => manifest.id === id)!;
const node = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
const writer = spawn(process.execPath, [...node, root, id], { stdio: 'inherit' });
const index = await RunIndex.open(run);
await index.refresh();
const before = index.count;
while (index.count === before) {
  await sleep(UPDATE_MS);
  await index.refresh();
}
const all = { from: 1, to: Number.MAX_SAFE_INTEGER, columns: 1000 };
let { bucket, first: firsts } = await index.window(all, FIRST);
const [first, began, used] = [index.count, performance.now(), process.cpuUsage()];
while (performance.now() - began < 1000 * SECONDS) {
  await sleep(UPDATE_MS);
  await index.refresh();
  // The last bucket, and those behind it, as panels are sent them.
  ({ bucket, first: firsts } = await index.window({ ...all, from: firsts.at(-1)!, bucket }, FIRST));
}
const { user, system } = process.cpuUsage(used);
writer.kill();
const share = (user + system) / 1000 / (performance.now() - began);
console.log(JSON.stringify({ share, steps: index.count - first } satisfies Following));
