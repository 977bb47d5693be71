import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ringsOf } from '../integration/rings.ts';
import { eventually, VSCode } from './vscode.ts';

let workspace: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-wizard-'));
  await mkdir(path.join(workspace, 'data'));
  const [header, ...rows] = ringsOf(200).trim().split('\n');
  const sourced = rows.map((row, i) => `${row},${['north', 'south'][i % 3 ? 0 : 1]}`);
  await writeFile(
    path.join(workspace, 'data/points.csv'),
    [`${header},site`, ...sourced].join('\n'),
  );
  vscode = await VSCode.open(workspace);
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('a config for a data file of the workspace is asked for step by step, written, and runs', async () => {
  await vscode.command('GRAIN: Create config', vscode.choice('points.csv'));
  await vscode.choice('ring').first().waitFor();
  await vscode.screenshot('wizard-target-dark');
  await vscode.choice('classification of 2 values: ').filter({ hasText: 'ring' }).click();
  await vscode.choice('by site').first().click();
  await vscode.choice('all other columns').first().waitFor();
  await vscode.page.keyboard.press('Enter');
  const text = await eventually('grain.yaml', async () =>
    readFile(path.join(workspace, 'grain.yaml'), 'utf8').catch(() => undefined),
  );
  assert.match(text, /train: data\/points\.csv/);
  assert.match(text, /target: ring/);
  assert.match(text, /by: column:site/);
  const toast = vscode.page.locator('.notification-toast', { hasText: 'is ready to run' });
  await toast.waitFor();
  await vscode.screenshot('wizard-written-dark');
  await toast.getByText('Run', { exact: true }).click();
  const finished = vscode.page.locator('.notification-toast', { hasText: 'runs finished' });
  await finished.waitFor();
  await vscode.setTheme('light');
  await vscode.screenshot('wizard-finished-light');
});
