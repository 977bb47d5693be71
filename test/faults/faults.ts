/** A real run under faults: killed, suspended while a rival resumes it, on a full or failing disk, without a reader of its output. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { stepRandom } from '../../src/engine/seededRandom.ts';
import type { RunEvent } from '../../src/runs/events.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { isActive } from '../../src/runs/status.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grainScript } from '../built.ts';
import { outcomeOf } from '../integration/outcome.ts';
import { writeRings } from '../integration/rings.ts';

const config = {
  steps: '60',
  evaluateEvery: '10',
  checkpointEvery: '7',
  model: '{ hidden: [32] }',
  aggregate: '[grain]',
};
const disk = pathToFileURL(path.join(import.meta.dirname, 'disk.ts')).href;

/** About how many writes a whole run makes: a disk fault strikes before, at any of them. */
const WRITES = 200;

export const faults = ['killed', 'suspended', 'disk full', 'disk failing', 'output gone'] as const;
export type Fault = (typeof faults)[number];

export interface Tally {
  /** How often each fault struck a process that was still at work. */
  readonly struck: Record<Fault, number>;
  /** Runs that finished in spite of them, all with the outcome of an undisturbed one. */
  finished: number;
}

/**
 * Lets so many faults strike, one after another, and resumes the run after each until it is finished; then begins another one.
 *
 * @throws AssertionError if something that a reader saw in the log is lost, a step is missing or repeated, a run cannot be resumed,
 *   or its outcome differs in any bit from that of a run that nothing happened to
 */
export async function strike(count: number, seed: number): Promise<Tally> {
  const random = stepRandom(seed);
  const base = mkdtempSync(path.join(tmpdir(), 'grain-faults-'));
  const tally: Tally = {
    struck: { killed: 0, suspended: 0, 'disk full': 0, 'disk failing': 0, 'output gone': 0 },
    finished: 0,
  };
  try {
    const alone = new Project(path.join(base, 'alone'));
    const started = performance.now();
    assert.deepEqual(await once(alone.start(), 'close'), [0, null]);
    const duration = performance.now() - started;
    const expected = await outcomeOf((await alone.run())!.folder);

    let project = new Project(path.join(base, '0'));
    for (let struck = 0; struck < count; ) {
      const fault = faultOf(random.uniform());
      const place = {
        delay: random.uniform() * duration,
        write: Math.ceil(random.uniform() * WRITES),
      };
      if (await project.disturb(fault, place)) {
        tally.struck[fault]++;
        struck++;
      }
      const run = await project.run();
      if (run) await assertWhole(run);
      if (run?.status !== 'finished') continue;
      assert.deepEqual(await outcomeOf(run.folder), expected, run.folder);
      project = new Project(path.join(base, String(++tally.finished)));
    }
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  }
  return tally;
}

function faultOf(uniform: number): Fault {
  if (uniform < 0.6) return 'killed';
  if (uniform < 0.7) return 'suspended';
  if (uniform < 0.8) return 'disk full';
  return uniform < 0.9 ? 'disk failing' : 'output gone';
}

/** No process works on the run, and its log has the steps 1, 2, 3, … */
async function assertWhole({ folder, status }: RunSummary): Promise<void> {
  assert.ok(!isActive(status), `${folder} is ${status}`);
  const steps = (await readEvents(folder)).flatMap((event) =>
    event.kind === 'step' ? [event.step] : [],
  );
  assert.deepEqual(
    steps,
    Array.from(steps, (_, i) => i + 1),
    folder,
  );
}

/** A folder with one run. */
class Project {
  readonly #root: string;
  readonly #store: RunStore;

  constructor(root: string) {
    writeRings(root, config);
    this.#root = root;
    this.#store = new RunStore(root);
  }

  async run(): Promise<RunSummary | undefined> {
    return (await this.#store.list())[0];
  }

  /** Starts the run, or resumes it. */
  start(run?: RunSummary, fault?: string): ChildProcess {
    const args = run ? ['--resume', run.manifest.id] : ['grain.yaml'];
    const preload = fault === undefined ? [] : ['--import', disk];
    return spawn(process.execPath, [...preload, grainScript, 'run', ...args], {
      cwd: this.#root,
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...(fault && { GRAIN_FAULT: fault }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** @returns whether the fault struck before the process was done */
  async disturb(
    fault: Fault,
    { delay, write }: { delay: number; write: number },
  ): Promise<boolean> {
    const run = await this.run();
    if (fault === 'disk full' || fault === 'disk failing') {
      const before = await this.#seen();
      const code = fault === 'disk full' ? 'ENOSPC' : 'EIO';
      const [status] = await once(drained(this.start(run, `${code} ${write}`)), 'close');
      await this.#assertKept(before);
      return status !== 0;
    }
    const child = drained(this.start(run));
    const closed = once(child, 'close');
    await Promise.race([sleep(delay), closed]);
    if (child.exitCode !== null) return false;
    const before = await this.#seen();
    if (fault === 'killed') child.kill('SIGKILL');
    else if (fault === 'suspended') await this.#rival(child);
    else for (const stream of [child.stdout!, child.stderr!]) stream.destroy();
    await closed;
    await this.#assertKept(before);
    return true;
  }

  /** Suspends the process for what looks like a minute, in which another one resumes the run. */
  async #rival(child: ChildProcess): Promise<void> {
    child.kill('SIGSTOP');
    const run = await this.run();
    const owner = run && runFile(run.folder, 'owner');
    if (owner && existsSync(owner)) {
      const minuteAgo = Date.now() / 1000 - 60;
      utimesSync(owner, minuteAgo, minuteAgo);
      const before = (await readEvents(run.folder)).length;
      const rival = drained(this.start(run));
      const done = once(rival, 'close');
      while (rival.exitCode === null && (await readEvents(run.folder)).length <= before)
        await sleep(20);
      child.kill('SIGCONT');
      await done;
    } else {
      child.kill('SIGCONT');
    }
  }

  async #seen(): Promise<RunEvent[]> {
    const run = await this.run();
    return run ? readEvents(run.folder) : [];
  }

  async #assertKept(before: readonly RunEvent[]): Promise<void> {
    assert.deepEqual((await this.#seen()).slice(0, before.length), before, this.#root);
  }
}

function drained(child: ChildProcess): ChildProcess {
  child.stdout!.resume();
  child.stderr!.resume();
  return child;
}
