/** An experiment whose runs are trained at the same time, while its coordinator and their processes are killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type StepRandom, stepRandom } from '../../src/engine/seededRandom.ts';
import type { RunEvent } from '../../src/runs/events.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { isActive, isResumable } from '../../src/runs/status.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grainScript } from '../built.ts';
import { outcomeOf } from '../integration/outcome.ts';
import { writeRings } from '../integration/rings.ts';

const RUNS = 4;
const config = {
  steps: '30',
  evaluateEvery: '15',
  checkpointEvery: '7',
  model: '{ hidden: [32] }',
  aggregate: '[grain, mean]',
  seeds: '[0, 1]',
};

interface Tally {
  /** Kills of the process that starts the others, and of one that trains a run. */
  readonly coordinators: number;
  readonly trainers: number;
  /** Experiments that finished in spite of them, all with the outcomes of an undisturbed one. */
  readonly finished: number;
}

/**
 * Kills the coordinator or a run's process at random moments, so many times, and resumes the experiment until all its runs are
 * finished; then begins another one.
 *
 * @throws AssertionError if a run is lost or made twice, a step is missing or repeated, something that a reader saw in a log is
 *   gone, or an outcome differs in any bit from that of an experiment that nothing happened to, whose runs one process trains
 */
export async function killQueue(count: number, seed: number): Promise<Tally> {
  const random = stepRandom(seed);
  const base = mkdtempSync(path.join(tmpdir(), 'grain-queue-'));
  const tally = { coordinators: 0, trainers: 0, finished: 0 };
  try {
    const alone = new Experiment(path.join(base, 'alone'));
    const started = performance.now();
    assert.deepEqual(await once(alone.start(1), 'close'), [0, null]);
    const expected = await alone.outcomes();
    const duration = performance.now() - started;

    let experiment = new Experiment(path.join(base, '0'));
    while (tally.coordinators + tally.trainers < count) {
      const killed = await experiment.disturb(random, duration);
      if (killed !== null) tally[killed]++;
      await experiment.assertKept();
      if (!(await experiment.isFinished())) continue;
      assert.deepEqual(await experiment.outcomes(), expected, experiment.root);
      experiment = new Experiment(path.join(base, String(++tally.finished)));
    }
    await experiment.finish();
    assert.deepEqual(await experiment.outcomes(), expected, experiment.root);
    tally.finished++;
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  }
  return tally;
}

class Experiment {
  readonly root: string;
  readonly #store: RunStore;
  #coordinator: ChildProcess | undefined;
  /** Events of each run, as last seen. */
  readonly #seen = new Map<string, readonly RunEvent[]>();

  constructor(root: string) {
    writeRings(root, config);
    this.root = root;
    this.#store = new RunStore(root);
  }

  start(concurrency: number, experiment?: string): ChildProcess {
    const args = experiment === undefined ? ['grain.yaml'] : ['--resume', experiment];
    return spawn(
      process.execPath,
      [grainScript, 'run', ...args, '--concurrency', String(concurrency)],
      {
        cwd: this.root,
        env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
        stdio: 'ignore',
      },
    );
  }

  /** @returns what was killed; null if nothing was there to be killed any more */
  async disturb(random: StepRandom, duration: number): Promise<'coordinators' | 'trainers' | null> {
    const coordinator = await this.#running();
    const [delay, choice, which] = [random.uniform(), random.uniform(), random.uniform()];
    await Promise.race(
      [sleep(delay * duration), coordinator && exited(coordinator)].filter(Boolean),
    );
    await this.#see();
    const trainers = await this.#trainers();
    if (choice < 0.5 && trainers.length > 0) {
      return kill(trainers[Math.floor(which * trainers.length)]!) ? 'trainers' : null;
    }
    if (coordinator === null || !kill(coordinator.pid!)) return null;
    await exited(coordinator);
    return 'coordinators';
  }

  /** Lets the experiment come to its end. */
  async finish(): Promise<void> {
    while (!(await this.isFinished())) {
      const coordinator = await this.#running();
      if (coordinator) await exited(coordinator);
      else await sleep(200);
    }
    await this.assertKept();
  }

  /** The coordinator that is there, or a new one; null if there is nothing to begin, as processes that it left finish their runs. */
  async #running(): Promise<ChildProcess | null> {
    const last = this.#coordinator;
    if (last && last.exitCode === null && last.signalCode === null) return last;
    const runs = await this.#store.list();
    const [first] = runs;
    if (first && !runs.some(({ status }) => isResumable(status))) return null;
    this.#coordinator = this.start(2, first?.manifest.experiment.id);
    return this.#coordinator;
  }

  /** Processes that train a run or load what it needs. */
  async #trainers(): Promise<number[]> {
    const runs = await this.#store.list();
    const owners = runs.flatMap(({ status, folder }) =>
      isActive(status) ? (ownerOf(folder) ?? []) : [],
    );
    return [...new Set(owners)].filter((pid) => pid !== this.#coordinator?.pid);
  }

  async isFinished(): Promise<boolean> {
    const runs = await this.#store.list();
    const isOver =
      this.#coordinator === undefined ||
      this.#coordinator.exitCode !== null ||
      this.#coordinator.signalCode !== null;
    return isOver && runs.length > 0 && runs.every(({ status }) => status === 'finished');
  }

  /** What was seen is there still, and every log has the steps 1, 2, 3, … */
  async assertKept(): Promise<void> {
    for (const { folder } of await this.#store.list()) {
      const events = await readEvents(folder);
      const before = this.#seen.get(folder) ?? [];
      assert.deepEqual(events.slice(0, before.length), before, folder);
      const steps = events.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
      assert.deepEqual(
        steps,
        Array.from(steps, (_, i) => i + 1),
        folder,
      );
      // One whose process is killed twice without a step fails, and is resumed with the experiment.
      const ends = events.flatMap((event) => (event.kind === 'end' ? [event.status] : []));
      const finished = ends.indexOf('finished');
      assert.ok(finished < 0 || finished === ends.length - 1, `${folder} ended: ${ends}`);
    }
  }

  async #see(): Promise<void> {
    for (const { folder } of await this.#store.list()) {
      this.#seen.set(folder, await readEvents(folder));
    }
  }

  /** By method and seed: each is there once. */
  async outcomes() {
    const runs = await this.#store.list();
    assert.equal(runs.length, RUNS);
    assert.equal(new Set(runs.map(({ manifest }) => manifest.experiment.id)).size, 1);
    const each = runs.map(async (run) => [titleOf(run), await outcomeOf(run.folder)] as const);
    const all = await Promise.all(each);
    return all.sort(([one], [other]) => one.localeCompare(other));
  }
}

function titleOf({ manifest: { aggregator, seed } }: RunSummary): string {
  return `${aggregator} ${seed.init}`;
}

function ownerOf(folder: string): number | null {
  try {
    return JSON.parse(readFileSync(runFile(folder, 'owner'), 'utf8')).pid;
  } catch {
    return null;
  }
}

/** @returns false if there is no such process any more */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
