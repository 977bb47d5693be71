import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { lockDevice } from '../../../src/runs/deviceLock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-locks-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const module = pathToFileURL(path.join(import.meta.dirname, '../../../src/runs/deviceLock.ts'));

/** A process that takes the device, says so, and keeps it. */
function holder(group?: string): ChildProcess {
  const script = `
    import { lockDevice } from '${module}';
    await lockDevice('gpu-0', (pid) => console.log('waits for ' + pid), ${JSON.stringify(folder)});
    console.log('has it');
    setInterval(() => {}, 1000);`;
  const { GRAIN_DEVICE_GROUP: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...env, NODE_NO_WARNINGS: '1', ...(group && { GRAIN_DEVICE_GROUP: group }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  after(() => child.kill('SIGKILL'));
  return child;
}

async function said(child: ChildProcess): Promise<string> {
  const [text] = await once(child.stdout!, 'data');
  return String(text).trim();
}

test('two experiments have a GPU one after the other, even if the first is killed; processes of one share it', async () => {
  const first = holder('one');
  assert.equal(await said(first), 'has it');
  const sibling = holder('one');
  assert.equal(await said(sibling), 'has it');
  const other = holder();
  const words: string[] = [];
  other.stdout!.on('data', (text) => words.push(String(text).trim()));
  const [waits] = await once(other.stdout!, 'data');
  const pids = /^waits for (\d+)/.exec(String(waits));
  assert.ok([first.pid, sibling.pid].includes(Number(pids?.[1])));

  first.kill('SIGKILL');
  await once(first, 'exit');
  sibling.kill('SIGKILL');
  while (words.at(-1) !== 'has it') await once(other.stdout!, 'data');
  assert.deepEqual(words.slice(1), ['has it'], 'it says once that it waits');

  // Sessions of this process wait for it, share what they get, and let go of it together.
  other.kill('SIGKILL');
  const [one, two] = await Promise.all([1, 2].map(() => lockDevice('gpu-0', () => {}, folder)));
  one!();
  const late = holder();
  assert.match(await said(late), new RegExp(`^waits for ${process.pid}`));
  two!();
  assert.equal(await said(late), 'has it');
});
