import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { hasLiveOwner, OwnedError, takeOwnership } from '../../../src/runs/owner.ts';

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

test('a run is owned once, and again after its release', () => {
  assert.equal(hasLiveOwner(folder), false);
  const ownership = takeOwnership(folder);
  assert.equal(hasLiveOwner(folder), true);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid);
  assert.throws(() => takeOwnership(folder), OwnedError);
  ownership.release();
  assert.equal(hasLiveOwner(folder), false);
  assert.equal(existsSync(file), false);
  takeOwnership(folder).release();
});

test('an owner is alive if its file is recent and, on this machine, its process exists', async () => {
  const pid = await deadPid();
  owner();
  assert.equal(hasLiveOwner(folder), true);
  age(31);
  assert.equal(hasLiveOwner(folder), false, 'silent for too long');
  owner({ pid });
  assert.equal(hasLiveOwner(folder), false, 'its process is gone');
  owner({ pid, host: 'elsewhere' });
  assert.equal(hasLiveOwner(folder), true, 'no way to ask another machine');
  age(31);
  assert.equal(hasLiveOwner(folder), false);
  writeFileSync(file, '');
  assert.equal(hasLiveOwner(folder), true, 'just being written');
});

test('a dead owner is replaced', async () => {
  owner({ pid: await deadPid() });
  const ownership = takeOwnership(folder);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid);
  ownership.release();
});

test('a run that another process has taken over is not released', () => {
  const ownership = takeOwnership(folder);
  owner({ pid: process.ppid });
  ownership.release();
  assert.ok(existsSync(file));
});

test('the heart beats though the main thread is busy, until release', async () => {
  const ownership = takeOwnership(folder);
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
      try { takeOwnership(${JSON.stringify(folder)}); console.log('taken'); } catch (error) { console.log(error.name); }
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
