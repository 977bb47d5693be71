import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import {
  hasLiveOwner,
  isDoubtful,
  OwnedError,
  OwnershipLostError,
  takeOwnership,
} from '../../../src/runs/owner.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-owner-'));
const file = path.join(folder, 'owner.json');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

const owner = (changes: object = {}) =>
  writeFileSync(
    file,
    JSON.stringify({
      pid: process.pid,
      host: hostname(),
      since: '2026-01-01T00:00:00.000Z',
      token: 'another',
      ...changes,
    }),
  );

function age(seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(file, then, then);
}

/** The id of a process that was there and is gone. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

test('a run is owned once, and again after its release', async () => {
  assert.equal(hasLiveOwner(folder), false);
  const ownership = await takeOwnership(folder);
  assert.equal(hasLiveOwner(folder), true);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid);
  await assert.rejects(takeOwnership(folder), OwnedError);
  ownership.release();
  assert.equal(hasLiveOwner(folder), false);
  assert.equal(existsSync(file), false);
  (await takeOwnership(folder)).release();
});

test('an owner is alive if its file is recent and, on this machine, its process exists', async () => {
  const pid = await deadPid();
  owner();
  assert.equal(hasLiveOwner(folder), true);
  age(31);
  assert.equal(hasLiveOwner(folder), false, 'silent for too long');
  owner({ pid });
  assert.equal(hasLiveOwner(folder), false, 'its process is gone');
  owner({ pid, host: 'elsewhere', token: 'remote' });
  assert.equal(hasLiveOwner(folder), true, 'no way to ask another machine');
  age(31);
  assert.equal(hasLiveOwner(folder), false);
  writeFileSync(file, '');
  assert.equal(hasLiveOwner(folder), true, 'just being written');
});

test('a dead owner is replaced', async () => {
  owner({ pid: await deadPid() });
  const ownership = await takeOwnership(folder);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid);
  ownership.release();
});

test('a run that another process has taken over is not released', async () => {
  const ownership = await takeOwnership(folder);
  owner({ pid: process.ppid });
  ownership.release();
  assert.ok(existsSync(file));
});

test('whoever was taken over finds out before the next change', async () => {
  const ownership = await takeOwnership(folder);
  ownership.assertHeld();
  owner({ pid: 7, host: 'elsewhere' });
  assert.throws(
    () => ownership.assertHeld(),
    /^OwnershipLostError: process 7 on elsewhere took over/,
  );
  rmSync(file);
  assert.throws(() => ownership.assertHeld(), OwnershipLostError);
  ownership.release();
});

test('an owner whose clock is wrong is alive while its heartbeat moves, and dead once it stops', async () => {
  for (const hours of [-1, 1]) {
    owner({ host: 'elsewhere', token: String(hours) });
    age(3600 * hours);
    assert.equal(hasLiveOwner(folder), false, 'nothing has moved yet');
    age(3600 * hours - 2);
    assert.equal(hasLiveOwner(folder), true, 'it moved');
    let beats = 1;
    const beating = setInterval(() => age(3600 * hours - 2 * ++beats), 500);
    await assert.rejects(takeOwnership(folder), OwnedError);
    clearInterval(beating);
    owner({ host: 'elsewhere', token: `dead ${hours}` });
    age(3600 * hours);
    (await takeOwnership(folder)).release();
  }
});

test('only an owner on another machine whose clock may differ must be watched', () => {
  for (const [changes, seconds, doubtful] of [
    [{ host: 'elsewhere', token: 'a' }, 3600, true],
    [{ host: 'elsewhere', token: 'b' }, -3600, true],
    [{ host: 'elsewhere', token: 'c' }, 1, false],
    [{ host: 'elsewhere', token: 'd' }, 3 * 24 * 3600, false],
    [{ token: 'e' }, 3600, false],
  ] as const) {
    owner(changes);
    age(seconds);
    assert.equal(isDoubtful(folder), doubtful, JSON.stringify([changes, seconds]));
  }
  rmSync(file);
  assert.equal(isDoubtful(folder), false);
});

test('a process that was taken over writes to a log that nobody reads', async () => {
  const log = path.join(folder, 'events.jsonl');
  writeFileSync(log, 'a\n');
  const suspended = openSync(log, 'a');
  owner({ pid: await deadPid() });
  const ownership = await takeOwnership(folder);
  writeSync(suspended, 'late\n');
  closeSync(suspended);
  assert.equal(readFileSync(log, 'utf8'), 'a\n');
  ownership.release();
  rmSync(log);
});

test('the heart beats though the main thread is busy, until release', async () => {
  const ownership = await takeOwnership(folder);
  age(20);
  const stopAt = Date.now() + 10_000;
  // Not a moment for the event loop.
  while (Date.now() - statSync(file).mtimeMs > 5_000 && Date.now() < stopAt);
  assert.ok(Date.now() < stopAt, 'touched within ten seconds');
  ownership.release();
});

test('of several processes that try at once, one succeeds, dead owner or none', async () => {
  const script = `
    const { takeOwnership } = await import(${JSON.stringify(import.meta.resolve('../../../src/runs/owner.ts'))});
    process.stdin.once('data', () => {
      takeOwnership(${JSON.stringify(folder)}).then(() => console.log('taken'), (error) => console.log(error.name));
      process.stdin.once('data', () => process.exit());
    });
    console.log('ready');
  `;
  for (const first of [() => {}, () => owner({ pid: 2 ** 22 + 1 })]) {
    rmSync(file, { force: true });
    first();
    const children = Array.from({ length: 4 }, () =>
      spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      ),
    );
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    const answers = children.map(async ({ stdin, stdout }) => {
      stdin.write('go\n');
      return String((await once(stdout, 'data'))[0]).trim();
    });
    const results = (await Promise.all(answers)).sort();
    assert.deepEqual(results, ['OwnedError', 'OwnedError', 'OwnedError', 'taken']);
    for (const { stdin } of children) stdin.write('end\n');
    await Promise.all(children.map((child) => once(child, 'exit')));
  }
});
