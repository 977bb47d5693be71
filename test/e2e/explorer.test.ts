import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { RunManifest } from '../../src/runs/manifest.ts';
import type { RunNotes } from '../../src/runs/notes.ts';
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

async function manifests(): Promise<RunManifest[]> {
  const runs = path.join(window.workspace, '.grain/runs');
  const texts = (await readdir(runs)).map((id) =>
    readFile(path.join(runs, id, 'run.json'), 'utf8'),
  );
  return (await Promise.all(texts)).map((text) => JSON.parse(text) as RunManifest);
}

/** What was noted about runs, read from their folders. */
async function savedNotes(): Promise<RunNotes[]> {
  const runs = path.join(window.workspace, '.grain/runs');
  const texts = await Promise.all(
    (await readdir(runs)).map((id) =>
      readFile(path.join(runs, id, 'notes.json'), 'utf8').catch(() => null),
    ),
  );
  return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as RunNotes);
}

test('a launch shows what was changed, and runs are starred, tagged and named', async () => {
  await window.vscode.command('GRAIN: Focus on Runs View');
  await row('rings').filter({ hasText: 'steps 20 → 40' }).waitFor();
  await window.vscode.select(row('seed 0').first());
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
  const [notes, ...others] = await savedNotes();
  assert.deepEqual(others, []);
  assert.deepEqual(notes!.tags, ['baseline', 'longer']);
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

test('launches are sorted by age', async () => {
  const levels = window.vscode.page.locator('.pane-body .monaco-list-row[aria-level="1"]');
  const sorted = async (order: string, isNewest: boolean) => {
    await window.vscode.command('GRAIN: Sort experiments', window.vscode.choice(order));
    await eventually(order, async () => {
      const first = await levels.first().textContent();
      return first?.includes('steps 20 → 40') === isNewest || undefined;
    });
  };
  await sorted('Oldest first', false);
  await sorted('Newest first', true);
});

test('a note on a run is kept in its folder', async () => {
  await window.vscode.select(row('the long one'));
  await answer('GRAIN: Note on run', 'twice the steps');
  await eventually('the note', async () => {
    const kept = (await savedNotes()).filter(({ note }) => note !== '');
    if (kept.length === 0) return undefined;
    assert.deepEqual(
      kept.map(({ name, note }) => [name, note]),
      [['the long one', 'twice the steps']],
    );
    return true;
  });
});

test('a run is exported where the user says', async () => {
  await window.vscode.select(row('the long one'));
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
  await window.vscode.select(row('rings').first());
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

test('the seed panel adds seeds to the latest launch; an older one is refused', async () => {
  const { vscode } = window;
  await vscode.page.locator('.pane-body .monaco-list-row[aria-level="1"]').last().click();
  await vscode.command('GRAIN: Add seeds');
  await window.toast('Seeds can be added only to the latest launch of grain.yaml').waitFor();
  await window.vscode.select(row('rings').first());
  await vscode.command('GRAIN: Open seed variance panel');
  const frame = await vscode.panelWith('metric-bands');
  await frame.getByRole('button', { name: 'Add seeds…' }).click();
  await window.type('1');
  await window.toast('4 runs finished').waitFor();
  const added = (await manifests()).filter(({ seed, steps }) => seed.order === 1 && steps === 40);
  assert.deepEqual(added.map(({ aggregation }) => aggregation.name).toSorted(), ['grain', 'mean']);
  await vscode.command('Notifications: Clear All Notifications');
});

test('an experiment is trained on, and ends with a notification', async () => {
  await window.vscode.select(row('rings').first());
  await answer('GRAIN: Train on', '60');
  await window.toast('4 runs finished').waitFor();
  assert.equal((await manifests()).filter(({ steps }) => steps === 60).length, 4);
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
