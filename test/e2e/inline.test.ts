import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ringsOf } from '../integration/rings.ts';
import { eventually, VSCode } from './vscode.ts';

const config = [
  'name: rings',
  'model: { hidden: [16] }',
  'data: { train: rings.csv, validation: { share: 0.2 }, target: ring }',
  'aggregate: [grain, mean]',
  'optimizer: { learningRate: 1e-2 }',
  'steps: 60',
  'seeds: [0, 1]',
  'device: cpu',
  '',
].join('\n');

let workspace: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-inline-'));
  await writeFile(path.join(workspace, 'rings.csv'), ringsOf(200));
  await writeFile(path.join(workspace, 'grain.yaml'), config);
  vscode = await VSCode.open(workspace);
  await vscode.openFile('grain.yaml', 1, 1);
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('the config says what a click starts and, afterwards, how it came out', async () => {
  const lens = vscode.page.locator('.codelens-decoration a');
  await lens.filter({ hasText: 'Run 2 methods × 2 seeds' }).click();
  const outcome = lens.filter({ hasText: /grain \d\.\d+ ± .* · mean \d\.\d+ ± / });
  await outcome.waitFor();
  await lens.filter({ hasText: 'Run 2 methods × 2 seeds, under a minute' }).waitFor();
  const lines = vscode.page.locator('.view-line');
  await lines.filter({ hasText: /grain\s*\d\.\d+\s±\s.*mean\s*\d\.\d+\s±\s/ }).waitFor();
  await lines.filter({ hasText: /0\s*✓,\s1\s*✓/ }).waitFor();
  await vscode.command('Notifications: Clear All Notifications');
  await vscode.screenshot('inline-dark');
  await vscode.setTheme('light');
  await vscode.screenshot('inline-light');
  await outcome.click();
  await vscode.panelWith('metric-bands');
  await vscode.command('View: Close All Editors');
});

test('keys and values are completed and explained without another extension', async () => {
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
