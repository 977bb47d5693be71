/** A process that logs steps, and indexes them, killed at any moment. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stepRandom } from '../../src/engine/seededRandom.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { indexFolder, readHead } from '../../src/runs/index/head.ts';
import { RunIndex } from '../../src/runs/index/runIndex.ts';
import { seriesOf } from '../../src/runs/index/series.ts';
import { RunStore } from '../../src/runs/store.ts';
import { manifest } from '../unit/runs/index/logs.ts';

/** Longest time from the first step of a process to its end, in milliseconds. */
const LONGEST = 250;
/** A log that has grown so long is replaced by a new run. */
const MOST_STEPS = 3_000;

const modules = ['src/runs/owner.ts', 'src/runs/runLog.ts', 'test/unit/runs/index/logs.ts'].map(
  (file) => JSON.stringify(import.meta.resolve(`../../${file}`)),
);
/** Resumes the log, and notes the number of each step once it is logged. */
const script = `
  const { takeOwnership } = await import(${modules[0]});
  const { RunLog } = await import(${modules[1]});
  const { manifest, stepsFrom } = await import(${modules[2]});
  const { openSync, writeSync } = await import('node:fs');
  const [folder, acknowledgements] = process.argv.slice(1);
  const { assertHeld } = await takeOwnership(folder);
  const log = await RunLog.open(folder, { manifest, onEvent() {}, assertHeld });
  const acknowledged = openSync(acknowledgements, 'a');
  log.start(log.lastStep);
  for (;;) {
    const { kind, at, ...facts } = stepsFrom(log.lastStep + 1, 1)[0];
    log.step(facts);
    writeSync(acknowledged, facts.step + '\\n');
    if (facts.step % 100 === 0) log.validation({ step: facts.step, metrics: { accuracy: 1 / facts.step } });
  }
`;

interface KillTally {
  readonly killed: number;
  /** Kills after which the index was behind its log. */
  readonly behind: number;
  /** Kills between two writes of an index, so that its files were ahead of its head. */
  readonly torn: number;
  readonly steps: number;
}

/**
 * @throws AssertionError if an acknowledged step is lost, the log has a gap, or an index that was extended after kills differs in
 *   any bit from one that is made of the log at once
 */
export async function killWhileIndexing(count: number, seed: number): Promise<KillTally> {
  const random = stepRandom(seed);
  const base = mkdtempSync(path.join(tmpdir(), 'grain-index-kills-'));
  const tally = { killed: 0, behind: 0, torn: 0, steps: 0 };
  try {
    for (let log = 0; tally.killed < count; log++) {
      const root = path.join(base, String(log));
      const { path: folder } = new RunStore(root).create({ ...manifest, id: 'killed' });
      const acknowledgements = path.join(root, 'acknowledged');
      let steps = 0;
      while (tally.killed < count && steps < MOST_STEPS) {
        await logUntilKilled(folder, acknowledgements, random.uniform() * LONGEST);
        tally.killed++;
        const head = await readHead(indexFolder(folder), folder);
        if (head && head.place.offset < sizeOf(runFile(folder, 'events'))) tally.behind++;
        if (isAhead(folder, head?.head.steps ?? 0)) tally.torn++;
        steps = await assertWhole(folder, path.join(root, 'copy'));
        const last = readFileSync(acknowledgements, 'utf8').trim().split('\n').at(-1);
        assert.ok(steps >= Number(last), `${last} acknowledged, ${steps} logged`);
      }
      tally.steps += steps;
      rmSync(root, { recursive: true });
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
  return tally;
}

async function logUntilKilled(
  folder: string,
  acknowledgements: string,
  delay: number,
): Promise<void> {
  const before = existsSync(acknowledgements) ? sizeOf(acknowledgements) : 0;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, [...args, folder, acknowledgements], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const closed = once(child, 'close');
  while (
    child.exitCode === null &&
    (!existsSync(acknowledgements) || sizeOf(acknowledgements) === before)
  ) {
    await sleep(2);
  }
  await sleep(delay);
  child.kill('SIGKILL');
  assert.deepEqual(await closed, [null, 'SIGKILL']);
}

/** Whether the records of steps in the file are more than the head says. */
function isAhead(folder: string, steps: number): boolean {
  const file = path.join(indexFolder(folder), 'steps.bin');
  const width = 8 * (4 + seriesOf(manifest).length + 1);
  return existsSync(file) && sizeOf(file) > steps * width;
}

/** The index as it is extended after a kill is that of a copy of the log without one. @returns number of steps */
async function assertWhole(folder: string, copy: string): Promise<number> {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const file of ['events', 'manifest'] as const) {
    copyFileSync(runFile(folder, file), runFile(copy, file));
  }
  const [extended, anew] = await Promise.all([folder, copy].map(shown));
  assert.deepEqual(extended, anew);
  return anew!.count;
}

function shown(folder: string) {
  return RunIndex.use({ folder, manifest }, async (index) => {
    const { count, digest } = index;
    const { lifecycle, step } = digest.progress;
    assert.deepEqual([lifecycle, step], ['started', count], 'the steps are 1, 2, 3, …');
    const windows = [];
    for (const [from, to] of [
      [1, count],
      [count - 500, count],
      [count >> 1, (count >> 1) + 300],
    ] as const) {
      windows.push(await index.window({ from, to, columns: 400 }, seriesOf(manifest)));
    }
    return { count, digest: digest.toJSON(), windows, rare: await index.rare() };
  });
}

function sizeOf(file: string): number {
  return statSync(file).size;
}
