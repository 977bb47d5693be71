import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { grain } from '../integration/grain.ts';
import { writeRings } from '../integration/rings.ts';
import { eventually, VSCode } from './vscode.ts';

let workspace: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-explorer-'));
  writeRings(workspace, { steps: '20', seeds: '[0, 1]' });
  await grain(['run', 'grain.yaml', '--json'], workspace);
  writeRings(workspace, { steps: '40', seeds: '[0]' });
  await grain(['run', 'grain.yaml', '--json'], workspace);
  vscode = await VSCode.open(workspace);
  await vscode.command('GRAIN: Focus on Runs View');
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('a launch shows what was changed, and runs are starred, tagged and named', async () => {
  await row('rings').filter({ hasText: 'steps 20 → 40' }).waitFor();
  await row('seed 0').first().click();
  assert.ok(
    await vscode.panelWith('loss'),
    'a click shows the run, though the bottom panel was closed',
  );
  await vscode.command('GRAIN: Star or unstar run');
  await row('★').waitFor();
  await answer('GRAIN: Tag run', 'longer, baseline');
  await row('#baseline #longer').waitFor();
  await answer('GRAIN: Rename run', 'the long one');
  await row('seed 0 · the long one').waitFor();
  await vscode.screenshot('explorer-marks-dark');
  const runs = path.join(workspace, '.grain/runs');
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
  const message = vscode.page.getByText('1 of 6 runs fit “#baseline accuracy > 0”');
  await message.waitFor();
  await eventually('no other run', async () => (await row('mean').count()) === 0 || undefined);
  await vscode.setTheme('light');
  await vscode.screenshot('explorer-filter-light');
  await vscode.command('GRAIN: Clear filter');
  await row('mean').first().waitFor();
});

test('a run is exported where the user says', async () => {
  await row('the long one').click();
  await vscode.command('GRAIN: Export run', vscode.choice('CSV'));
  const input = vscode.page.locator('.quick-input-widget input').first();
  await eventually(
    'the name of a file',
    async () => (await input.inputValue()).endsWith('.csv') || undefined,
  );
  await vscode.page.keyboard.press('Enter');
  const toast = vscode.page.locator('.notification-toast', { hasText: '1 run in ' });
  await toast.waitFor();
  const written = (await readdir(workspace)).find(
    (name) => name.endsWith('.csv') && name !== 'rings.csv',
  );
  assert.match(await readFile(path.join(workspace, written!), 'utf8'), /validation\/accuracy/);
});

test('an experiment is trained on, and ends with a notification', async () => {
  await row('rings').first().click();
  await answer('GRAIN: Train on', '60');
  const toast = vscode.page.locator('.notification-toast', { hasText: '2 runs finished' });
  await toast.waitFor();
  const manifests = await Promise.all(
    (await readdir(path.join(workspace, '.grain/runs'))).map((id) =>
      readFile(path.join(workspace, '.grain/runs', id, 'run.json'), 'utf8'),
    ),
  );
  assert.equal(manifests.filter((text) => JSON.parse(text).steps === 60).length, 2);
});

test('the walkthrough begins with the example', async () => {
  await vscode.command('Welcome: Open Walkthrough...', vscode.choice('Fine-tune with GRAIN'));
  const page = vscode.page.locator('.gettingStartedContainer');
  await page.getByText('See a fine-tune at work').first().waitFor();
  await vscode.screenshot('walkthrough-light');
});

function row(text: string) {
  return vscode.page.locator('.pane-body .monaco-list-row', { hasText: text });
}

/** Runs a command that asks for a line of text. */
async function answer(command: string, text: string): Promise<void> {
  await vscode.command(command);
  const input = vscode.page.locator('.quick-input-widget .quick-input-message');
  await input.waitFor();
  await vscode.page.locator('.quick-input-widget input').first().fill(text);
  await vscode.page.keyboard.press('Enter');
}
