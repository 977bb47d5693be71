import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ringsOf } from '../integration/rings.ts';
import { eventually } from './vscode.ts';
import { TestWindow } from './window.ts';

const config = [
  'name: rings',
  'model: { hidden: [16] }',
  'data: { train: rings.csv, validation: { share: 0.2 }, target: ring }',
  'aggregate: [grain, mean]',
  'optimizer: { learningRate: 1e-2 }',
  'steps: 60',
  'evaluateEvery: 10',
  'seeds: [0, 1]',
  'device: cpu',
  '',
].join('\n');

const window = TestWindow.on(async (workspace) => {
  await writeFile(path.join(workspace, 'rings.csv'), ringsOf(200));
  await writeFile(path.join(workspace, 'grain.yaml'), config);
});

test('the config says what a click starts and, afterwards, how it came out', async () => {
  const { vscode } = window;
  await vscode.openFile('grain.yaml', 1, 1);
  const lens = vscode.page.locator('.codelens-decoration a');
  await lens.filter({ hasText: 'Run 2 methods × 2 seeds' }).click();
  const outcome = lens.filter({ hasText: /grain \d\.\d+ ± .* · mean \d\.\d+ ± / });
  await outcome.waitFor();
  await lens.filter({ hasText: 'Run 2 methods × 2 seeds, under a minute' }).waitFor();
  const lines = vscode.page.locator('.view-line');
  const blocks = '[▁▂▃▄▅▆▇█]{7}';
  const result = `\\d\\.\\d+\\s±\\s\\d\\.\\d+\\s${blocks}`;
  const methods = lines.filter({ hasText: new RegExp(`grain\\s*${result}.*mean\\s*${result}`) });
  await methods.waitFor();
  await lines.filter({ hasText: new RegExp(`0\\s*✓\\s${blocks},\\s1\\s*✓\\s${blocks}`) }).waitFor();
  await vscode.command('Notifications: Clear All Notifications');
  await vscode.screenshot('inline-dark');
  await vscode.setTheme('light');
  await vscode.screenshot('inline-light');
  // Over the method: its metric over the steps as a picture, and each run.
  const hover = vscode.page.locator('.monaco-hover', { hasText: /seed\s0:\sfinished,\saccuracy/ });
  await vscode.openFile('grain.yaml', 4, 14);
  const picture = hover.locator('img[src^="data:image/svg+xml"]').first();
  await vscode.provoke(picture, () => vscode.command('Show or Focus Hover'));
  const width = () => picture.evaluate((it: { naturalWidth: number }) => it.naturalWidth);
  await eventually('the drawn chart', async () => (await width()) > 100 || undefined);
  await vscode.screenshot('hover-chart-light');
  await vscode.page.keyboard.press('Escape');
  await outcome.click();
  await vscode.panelWith('metric-bands');
  await vscode.command('View: Close All Editors');
});

test('keys and values are completed and explained without another extension', async () => {
  const { vscode, workspace } = window;
  await vscode.openFile('grain.yaml', 5, 13);
  await vscode.page.keyboard.type(' weig');
  const widget = vscode.page.locator('.suggest-widget');
  const row = widget.locator('.monaco-list-row', { hasText: 'weightDecay' });
  await vscode.provoke(row, () => vscode.page.keyboard.press('Control+Space'));
  await vscode.screenshot('completion-light');
  await row.click();
  await vscode.page.keyboard.type('0.01, ');
  await vscode.command('File: Save');
  await eventually('the completed key', async () => {
    const text = await readFile(path.join(workspace, 'grain.yaml'), 'utf8');
    return text.includes('optimizer: { weightDecay: 0.01,') || undefined;
  });
  const hover = vscode.page.locator('.monaco-hover', { hasText: 'decoupled weight decay' });
  await vscode.openFile('grain.yaml', 5, 17);
  await vscode.provoke(hover, () => vscode.command('Show or Focus Hover'));
  await vscode.screenshot('hover-light');
});
