import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const interruption = import.meta.resolve('../../../src/cli/interruption.ts');

test('an echo of the first signal is ignored; a later signal kills', async () => {
  const script = `
    const { onInterruption } = await import(${JSON.stringify(interruption)});
    onInterruption(() => console.log('asked'));
    setInterval(() => {}, 1000);
    console.log('ready');
  `;
  const node = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  while (!printed.includes('ready') && child.exitCode === null) await sleep(10);
  child.kill('SIGINT');
  while (!printed.includes('asked') && child.exitCode === null) await sleep(10);
  child.kill('SIGTERM');
  child.kill('SIGINT');
  await sleep(1_500);
  assert.equal(printed, 'ready\nasked\n');
  assert.deepEqual([child.exitCode, child.signalCode], [null, null], 'still running');
  child.kill('SIGINT');
  assert.deepEqual(await closed, [null, 'SIGINT']);
});
