/** What a process's surroundings may do to it: a rival, a closed terminal, a broken pipe, a full disk. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { runFile } from '../../src/runs/grainFolder.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grainScript } from '../built.ts';
import { strike } from '../faults/faults.ts';
import { type Grain, grain, startGrain } from './grain.ts';
import { outcomeOf } from './outcome.ts';
import { writeRings } from './rings.ts';

const config = {
  steps: '60',
  evaluateEvery: '20',
  checkpointEvery: '10',
  model: '{ hidden: [48, 48] }',
  aggregate: '[grain]',
};

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-faults-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Waits for the run's first steps. @returns its folder */
async function training(root: string, { exitCode }: ChildProcess): Promise<string> {
  const store = new RunStore(root);
  for (;;) {
    const [run] = await store.list();
    if (run && run.step > 2) return run.folder;
    assert.equal(exitCode, null, 'the process ended before its first steps');
    await sleep(10);
  }
}

/** The outcome of the same run, never disturbed. */
async function undisturbed(changes: Readonly<Record<string, string>>) {
  const root = temporary();
  writeRings(root, changes);
  assert.equal((await grain(['run', 'grain.yaml'], root)).status, 0);
  const runs = await new RunStore(root).list();
  return Promise.all(runs.map(({ folder }) => outcomeOf(folder)));
}

test('a suspended process that was taken over ends without touching the run', async () => {
  const slow = { ...config, steps: '200' };
  const root = temporary();
  writeRings(root, slow);
  const first = startGrain(['run', 'grain.yaml', '--json'], root);
  const folder = await training(root, first.child);
  first.child.kill('SIGSTOP');
  // As if it had been silent for a minute.
  const minuteAgo = Date.now() / 1000 - 60;
  utimesSync(runFile(folder, 'owner'), minuteAgo, minuteAgo);
  const second = startGrain(['run', '--resume', path.basename(folder)], root);
  const resumed = (await readEvents(folder)).length;
  while ((await readEvents(folder)).length <= resumed + 1) {
    assert.equal(second.child.exitCode, null, 'the second process resumes the run');
    await sleep(10);
  }
  first.child.kill('SIGCONT');
  const { status, stdout } = await first.ended;
  assert.equal(status, 1);
  const [{ failure }] = JSON.parse(stdout).runs;
  assert.equal(failure.code, 'ownershipLost');
  assert.match(failure.message, new RegExp(`process ${second.child.pid} .* took over`));
  assert.equal((await second.ended).status, 0);
  const [expected] = await undisturbed(slow);
  assert.deepEqual(await outcomeOf(folder), expected);
});

describe('a process that is suspended between the check and a change of a checkpoint', {
  skip: !existsSync('/proc/self/stat') && 'without /proc, nobody sees that it is suspended',
  concurrency: true,
}, () => {
  const expected = undisturbed(config);
  for (const [change, what] of [
    [3, 'a checkpoint gets its name'],
    [4, 'the index is replaced'],
    [5, 'an old checkpoint is deleted'],
  ] as const) {
    test(`${what}: the run is the rival's, as if nothing had happened`, async () => {
      const root = temporary();
      writeRings(root, config);
      const first = startSuspended(change, ['run', 'grain.yaml', '--json'], root);
      await suspended(first);
      const [run] = await new RunStore(root).list();
      const folder = run!.folder;
      const minuteAgo = Date.now() / 1000 - 60;
      utimesSync(runFile(folder, 'owner'), minuteAgo, minuteAgo);
      // It changes nothing yet, so that nothing but the takeover itself holds the first one off.
      const rival = startSuspended(1, ['run', '--resume', path.basename(folder)], root);
      await suspended(rival);
      const checkpoints = runFile(folder, 'checkpoints');
      const names = readdirSync(checkpoints, { recursive: true, encoding: 'utf8' }).sort();
      const inodes = () => names.map((name) => statSync(path.join(checkpoints, name)).ino);
      const before = inodes();
      first.child.kill('SIGCONT');
      const { status, stdout } = await first.ended;
      assert.equal(status, 1);
      assert.equal(JSON.parse(stdout).runs[0].failure.code, 'ownershipLost');
      assert.deepEqual(readdirSync(checkpoints, { recursive: true }).sort(), names);
      assert.deepEqual(inodes(), before);
      rival.child.kill('SIGCONT');
      assert.equal((await rival.ended).status, 0);
      assert.deepEqual(await outcomeOf(folder), (await expected)[0]);
    });
  }

  function startSuspended(change: number, args: readonly string[], root: string): Grain {
    const preload = pathToFileURL(path.join(import.meta.dirname, '../faults/suspend.ts')).href;
    const env = { GRAIN_SUSPEND: String(change), NODE_OPTIONS: `--import=${preload}` };
    const started = startGrain(args, root, env);
    after(() => started.child.kill('SIGKILL'));
    return started;
  }

  async function suspended({ child }: Grain): Promise<void> {
    while (!isSuspended(child.pid!)) {
      assert.equal(child.exitCode, null, 'it ended before the change');
      await sleep(20);
    }
  }
});

/** By Linux's process table. */
function isSuspended(pid: number): boolean {
  return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('a run outlives the reader of its output', async () => {
  const root = temporary();
  writeRings(root, config);
  const { child, ended } = startGrain(['run', 'grain.yaml'], root);
  ended.catch(() => {});
  const exited = once(child, 'exit');
  await training(root, child);
  child.stderr!.destroy();
  child.stdout!.destroy();
  assert.deepEqual(await exited, [0, null]);
  const [run] = await new RunStore(root).list();
  assert.equal(run!.status, 'finished');
});

test('a closed terminal stops a run with a checkpoint', async () => {
  const root = temporary();
  writeRings(root, { ...config, steps: '100000' });
  const { child, ended } = startGrain(['run', 'grain.yaml'], root);
  await training(root, child);
  child.kill('SIGHUP');
  assert.equal((await ended).status, 130);
  const [run] = await new RunStore(root).list();
  assert.equal(run!.status, 'stopped');
  assert.ok(existsSync(path.join(run!.folder, 'checkpoints/index.json')));
});

test('output that cannot be written is no success, though the run is', {
  skip: !existsSync('/dev/full'),
}, async () => {
  const root = temporary();
  writeRings(root, { ...config, steps: '10' });
  const full = openSync('/dev/full', 'w');
  for (const args of [['run', 'grain.yaml', '--json'], ['runs']]) {
    const node = ['--disable-warning=ExperimentalWarning', grainScript, ...args];
    const child = spawn(process.execPath, node, { cwd: root, stdio: ['ignore', full, 'ignore'] });
    assert.deepEqual(await once(child, 'close'), [1, null]);
  }
  const [run] = await new RunStore(root).list();
  assert.equal(run!.status, 'finished');
});

test('on a full disk every run is accounted for, and resumes once there is room', async (t) => {
  const root = temporary();
  const mount = (options: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', root], { stdio: 'ignore' }).status;
  if (mount('size=250k') !== 0) return t.skip('no right to mount a small disk');
  try {
    const large = { ...config, model: '{ hidden: [128, 128] }', seeds: '[0, 1, 2]', steps: '20' };
    writeRings(root, large);
    const { status, stdout } = await grain(['run', 'grain.yaml', '--json'], root);
    assert.equal(status, 1);
    const report = JSON.parse(stdout);
    assert.equal(report.runs.length, 3);
    for (const { failure } of report.runs) {
      assert.equal(failure.code, 'diskFull');
      assert.match(failure.message, /^The disk is full: /);
    }
    assert.match(report.runs[0].failure.message, / free, a checkpoint takes at least \d+ kB/);
    const store = new RunStore(root);
    for (const { folder } of await store.list()) {
      assert.equal(existsSync(runFile(folder, 'owner')), false);
      const saved = readdirSync(runFile(folder, 'checkpoints'));
      assert.deepEqual(
        saved.filter((name) => name.startsWith('.changes')),
        [],
      );
    }
    const resume = () => grain(['run', '--resume', report.experiment.id, '--json'], root);
    assert.equal((await resume()).status, 1, 'still full');

    assert.equal(mount('remount,size=100m'), 0);
    const resumed = await resume();
    assert.equal(resumed.status, 0, resumed.stderr);
    const outcomes = (await store.list()).map(({ folder }) => outcomeOf(folder));
    assert.deepEqual(await Promise.all(outcomes), await undisturbed(large));
  } finally {
    spawnSync('umount', [root]);
  }
});

test('a place where runs cannot be is said plainly', async (t) => {
  const root = temporary();
  writeRings(root, config);
  writeFileSync(path.join(root, '.grain'), '');
  const taken = await grain(['run', 'grain.yaml'], root);
  assert.equal(taken.status, 1);
  assert.match(taken.stderr, /\.grain is a file\. Expected the folder that holds runs/);

  const mount = (options: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', root], { stdio: 'ignore' }).status;
  if (mount('size=1m') !== 0) return t.skip('no right to mount a read-only disk');
  try {
    writeRings(root, config);
    assert.equal(mount('remount,ro'), 0);
    const { status, stderr } = await grain(['run', 'grain.yaml'], root);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /\.grain: the file system is read-only \(EROFS\)\. .* choose one with --out\./,
    );
  } finally {
    spawnSync('umount', [root]);
  }
});

test('whatever strikes at random moments, a run resumes, and ends as if nothing had happened', async () => {
  const { struck } = await strike(8, 3);
  assert.equal(
    Object.values(struck).reduce((sum, times) => sum + times, 0),
    8,
  );
});
