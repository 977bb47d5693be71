import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { writeRings } from '../integration/rings.ts';
import { eventually, VSCode } from './vscode.ts';

let workspace: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-alarms-'));
  writeRings(workspace, {
    optimizer: '{ name: adamw, learningRate: 100 }',
    aggregate: '[mean]',
    seeds: '[0, 1]',
    steps: '40',
    evaluateEvery: '40',
  });
  vscode = await VSCode.open(workspace);
});
after(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot('failed: alarms');
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('a run that explodes is seen in explorer, notification and panel; the alarm can be muted', async () => {
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  await vscode.command('GRAIN: Focus on Runs View');
  // A toast, or a line of the notification center, where toasts go after some seconds.
  const toast = vscode.page.locator('.notification-list-item', { hasText: 'The loss is' });
  await toast.first().waitFor();
  const row = vscode.page
    .locator('.pane-body .monaco-list-row', { hasText: 'seed 0' })
    .filter({ hasText: 'finished, with an alarm' });
  await row.waitFor();
  assert.match((await row.getAttribute('aria-label')) ?? '', /with an alarm .*The loss is/);
  assert.equal(await row.locator('.codicon-warning').count(), 1);
  const both = vscode.page.locator('.pane-body .monaco-list-row', {
    hasText: '2 of 2 with an alarm',
  });
  await both.first().waitFor();
  await vscode.screenshot('alarm-dark');
  await vscode.command('Notifications: Show Notifications');
  assert.equal(await toast.count(), 1, 'once for both seeds');

  await toast.getByText('Show', { exact: true }).click();
  const frame = await vscode.panelWith('loss');
  await frame
    .getByText(/Alarm, step \d+: /)
    .first()
    .waitFor();
  await vscode.screenshot('alarm-panel-dark');
  await vscode.setTheme('light');
  await vscode.screenshot('alarm-panel-light');

  await rm(path.join(workspace, '.grain'), { recursive: true, force: true, maxRetries: 5 });
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  await toast.getByText('Mute this alarm', { exact: true }).click();
  await eventually('the muted alarm in the settings', async () => {
    const text = await readFile(path.join(workspace, '.vscode/settings.json'), 'utf8');
    return JSON.parse(text)['grain.mutedAlarms']?.includes('exploding-loss') || undefined;
  });
});
