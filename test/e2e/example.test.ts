import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { chartData, eventually, VSCode } from './vscode.ts';

let workspace: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-first-'));
  vscode = await VSCode.open(workspace);
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('in an empty folder one click on the welcome view makes an example, runs it and shows its charts', async () => {
  await vscode.command('GRAIN: Focus on Runs View');
  const welcome = vscode.page.locator('.welcome-view-content');
  await welcome.getByText('Try an example').waitFor();
  await vscode.screenshot('welcome-dark');
  await welcome.getByText('Try an example').click();
  const clicked = Date.now();
  const frame = await vscode.panelWith('loss');
  await eventually('points of the loss', async () => {
    const { datasets } = await chartData(frame, 'loss');
    return datasets.some(({ data }) => data.length > 3) || undefined;
  });
  console.log(`# the charts moved ${((Date.now() - clicked) / 1000).toFixed(1)} s after the click`);
  await vscode.page.locator('.tab.active', { hasText: 'grain.yaml' }).waitFor();
  await vscode.page.locator('.statusbar', { hasText: / left/ }).waitFor();
  await vscode.screenshot('example-running-dark');
  const licence = path.join(workspace, 'grain-example/data/LICENSE.txt');
  const text = await readFile(licence, 'utf8');
  assert.match(text, /MNIST/);
  assert.match(text, /The MIT License/);
  assert.ok(existsSync(path.join(workspace, '.grain/runs')));
});

test('the example ends, and shows which source is mislabelled', async () => {
  const runs = path.join(workspace, '.grain/runs');
  await eventually('six finished runs', async () => {
    const logs = await Promise.all(
      (await readdir(runs)).map((id) =>
        readFile(path.join(runs, id, 'events.jsonl'), 'utf8').catch(() => ''),
      ),
    );
    const finished = logs.filter((log) => log.includes('"status":"finished"'));
    return finished.length === 6 || undefined;
  });
  const toast = vscode.page.locator('.notification-toast', { hasText: '6 runs finished' });
  await toast.waitFor();
  assert.match((await toast.textContent()) ?? '', /grain 0\.\d+ ± 0\.\d+ · mean 0\.\d+ ± 0\.\d+/);
  await vscode.screenshot('example-finished-dark');
  await vscode.select(vscode.row('seed 0').first());
  await vscode.command('GRAIN: Open weights panel');
  const frame = await vscode.panelWith('weights-area');
  const datasets = await eventually('weights', async () => {
    const { datasets } = await chartData(frame, 'weights-area');
    return datasets.some(({ data }) => data.length > 1) ? datasets : undefined;
  });
  const means = Object.fromEntries(
    datasets.map(({ label, data }) => {
      const points = data as readonly { readonly y: number }[];
      return [label, points.reduce((sum, { y }) => sum + y, 0) / points.length];
    }),
  );
  const { west, ...others } = means;
  assert.ok(west !== undefined && west < 0.6 * Math.min(...Object.values(others)), `${west}`);
  await vscode.setTheme('light');
  await vscode.screenshot('example-weights-light');
});
