import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { RunEvent } from '../../src/runs/events.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { writeRings } from '../integration/rings.ts';
import { eventually, VSCode } from './vscode.ts';

let workspace: string;
/** Where runs put temporary files. */
let temporary: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-probing-'));
  temporary = await mkdtemp(path.join(tmpdir(), 'grain-probing-tmp-'));
  vscode = await VSCode.open(workspace, { env: { TMPDIR: temporary } });
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
  await vscode.command('View: Close All Editors');
  await vscode.command('Notifications: Clear All Notifications');
});

after(async () => {
  await vscode?.close();
  for (const folder of [workspace, temporary]) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test('a probe ends with a verdict and its details, and makes no runs', async () => {
  writeRings(workspace, { steps: '40', seeds: '[0, 1]' });
  await vscode.command('GRAIN: Probe config');
  const verdict = toast('Show details');
  await verdict.waitFor();
  assert.match((await verdict.textContent()) ?? '', /rings: (Expect|The|Cannot)/);
  await vscode.screenshot('probe-verdict-dark');
  await verdict.getByText('Show details').click();
  await vscode.page.locator('.view-lines', { hasText: 'For the config' }).waitFor();
  await vscode.screenshot('probe-details-dark');
  await vscode.setTheme('light');
  await vscode.screenshot('probe-details-light');
  await vscode.setTheme('dark');
  assert.deepEqual(await runs(), []);
  assert.deepEqual(await probes(), []);
});

test('a probe can be cancelled, and leaves nothing behind', async () => {
  writeRings(workspace, {
    model: '{ hidden: [1024, 1024] }',
    batchSize: '120',
    seeds: '[0, 1, 2]',
  });
  await vscode.command('GRAIN: Probe config');
  const progress = toast('training the mean');
  await progress.waitFor();
  await vscode.screenshot('probe-progress-dark');
  await progress.getByText('Cancel').click();
  await progress.waitFor({ state: 'detached' });
  assert.equal(await toast('Show details').count(), 0);
  await eventually('the temporary folder to be deleted', async () =>
    (await probes()).length === 0 ? true : undefined,
  );
});

test('a first run offers a probe, once, and goes on; the probe stops it', async () => {
  writeRings(workspace, { steps: '1000000', seeds: '[0]' });
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const offer = toast('Probe first');
  await offer.waitFor();
  // The runs do not wait for an answer.
  const [id] = await eventually('steps of a run', async () => {
    const started = await runs();
    const events = started[0] ? await eventsOf(started[0]) : [];
    return events.some(({ kind }) => kind === 'step') ? started : undefined;
  });
  await vscode.screenshot('probe-offer-dark');
  await offer.getByText('Probe first').click();
  await toast('Show details').waitFor();
  const ends = (await eventsOf(id!)).filter(({ kind }) => kind === 'end');
  assert.deepEqual(
    ends.map((end) => end.kind === 'end' && end.status),
    ['stopped'],
  );

  await vscode.command('Notifications: Clear All Notifications');
  await rm(path.join(workspace, '.grain'), { recursive: true, maxRetries: 5 });
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  await eventually('runs of the second launch', async () =>
    (await runs()).length > 0 ? true : undefined,
  );
  await vscode.command('GRAIN: Stop run');
  assert.equal(await toast('Probe first').count(), 0);
});

function toast(text: string) {
  return vscode.page.locator('.notification-toast', { hasText: text }).first();
}

async function runs(): Promise<string[]> {
  return readdir(path.join(workspace, '.grain/runs')).catch(() => []);
}

function eventsOf(id: string): Promise<RunEvent[]> {
  return readEvents(path.join(workspace, '.grain/runs', id));
}

/** Folders of probes that are being trained, or were left behind. */
async function probes(): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('grain-probe-'));
}
