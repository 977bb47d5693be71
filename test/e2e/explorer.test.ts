import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { grain } from '../integration/grain.ts';
import { writeRings } from '../integration/rings.ts';
import { eventually } from './vscode.ts';
import { TestWindow } from './window.ts';

const window = TestWindow.on(async (workspace) => {
  writeRings(workspace, { steps: '20', seeds: '[0, 1]' });
  await grain(['run', 'grain.yaml', '--json'], workspace);
  writeRings(workspace, { steps: '40', seeds: '[0]' });
  await grain(['run', 'grain.yaml', '--json'], workspace);
});
const row = (text: string) => window.row(text);
const answer = (command: string, text: string) => window.answer(command, text);

test('a launch shows what was changed, and runs are starred, tagged and named', async () => {
  await window.vscode.command('GRAIN: Focus on Runs View');
  await row('rings').filter({ hasText: 'steps 20 → 40' }).waitFor();
  await row('seed 0').first().click();
  assert.ok(
    await window.vscode.panelWith('loss'),
    'a click shows the run, though the bottom panel was closed',
  );
  await window.vscode.command('GRAIN: Star or unstar run');
  await row('★').waitFor();
  await answer('GRAIN: Tag run', 'longer, baseline');
  await row('#baseline #longer').waitFor();
  await answer('GRAIN: Rename run', 'the long one');
  await row('seed 0 · the long one').waitFor();
  await window.vscode.screenshot('explorer-marks-dark');
  const runs = path.join(window.workspace, '.grain/runs');
  const kept = await Promise.all(
    (await readdir(runs)).map((id) =>
      readFile(path.join(runs, id, 'notes.json'), 'utf8').catch(() => null),
    ),
  );
  const [notes, ...others] = kept.filter((text) => text !== null);
  assert.deepEqual(others, []);
  assert.deepEqual(JSON.parse(notes!).tags, ['baseline', 'longer']);
});

test('the filter shows the runs that fit, and says so', async () => {
  await answer('GRAIN: Filter runs', '#baseline accuracy > 0');
  const message = window.vscode.page.getByText('1 of 6 runs fit “#baseline accuracy > 0”');
  await message.waitFor();
  await eventually('no other run', async () => (await row('mean').count()) === 0 || undefined);
  await window.vscode.setTheme('light');
  await window.vscode.screenshot('explorer-filter-light');
  await window.vscode.command('GRAIN: Clear filter');
  await row('mean').first().waitFor();
});

test('runs are grouped by what they have in common', async () => {
  await window.vscode.command('GRAIN: Group runs', window.vscode.choice('Method'));
  const levels = window.vscode.page.locator('.pane-body .monaco-list-row[aria-level="1"]');
  await levels.filter({ hasText: 'mean' }).waitFor();
  assert.equal(await levels.count(), 2, 'grain and mean');
  await window.vscode.screenshot('explorer-grouped-light');
  await window.vscode.command('GRAIN: Group runs', window.vscode.choice('Launch'));
  await levels.filter({ hasText: 'steps 20 → 40' }).waitFor();
});

test('a run is exported where the user says', async () => {
  await row('the long one').click();
  await window.vscode.command('GRAIN: Export run', window.vscode.choice('CSV'));
  const input = window.vscode.page.locator('.quick-input-widget input').first();
  await eventually(
    'the name of a file',
    async () => (await input.inputValue()).endsWith('.csv') || undefined,
  );
  await window.vscode.page.keyboard.press('Enter');
  const toast = window.toast('1 run in ');
  await toast.waitFor();
  const written = (await readdir(window.workspace)).find(
    (name) => name.endsWith('.csv') && name !== 'rings.csv',
  );
  assert.match(
    await readFile(path.join(window.workspace, written!), 'utf8'),
    /validation\/accuracy/,
  );
});

test('a report on an experiment is saved where the user says', async () => {
  await row('rings').first().click();
  await window.vscode.command('GRAIN: Save report');
  const input = window.vscode.page.locator('.quick-input-widget input').first();
  await eventually(
    'the name of a page',
    async () => (await input.inputValue()).endsWith('.html') || undefined,
  );
  await window.vscode.page.keyboard.press('Enter');
  await window.toast('The report is in ').waitFor();
  const written = (await readdir(window.workspace)).find((name) => name.endsWith('.html'));
  assert.match(await readFile(path.join(window.workspace, written!), 'utf8'), /<svg/);
});

test('an experiment is trained on, and ends with a notification', async () => {
  await row('rings').first().click();
  await answer('GRAIN: Train on', '60');
  const toast = window.toast('2 runs finished');
  await toast.waitFor();
  const manifests = await Promise.all(
    (await readdir(path.join(window.workspace, '.grain/runs'))).map((id) =>
      readFile(path.join(window.workspace, '.grain/runs', id, 'run.json'), 'utf8'),
    ),
  );
  assert.equal(manifests.filter((text) => JSON.parse(text).steps === 60).length, 2);
});

test('the walkthrough begins with the example', async () => {
  await window.vscode.command(
    'Welcome: Open Walkthrough...',
    window.vscode.choice('Fine-tune with GRAIN'),
  );
  const page = window.vscode.page.locator('.gettingStartedContainer');
  await page.getByText('See a fine-tune at work').first().waitFor();
  await window.vscode.screenshot('walkthrough-light');
});
