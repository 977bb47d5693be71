import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { RunEvent } from '../../src/runs/events.ts';
import { eventually, VSCode } from './vscode.ts';

let workspace: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-lifecycle-'));
  await mkdir(path.join(workspace, 'data'));
  await writeFile(path.join(workspace, 'data/rings.csv'), rings(200));
  vscode = await VSCode.open(workspace);
});

/** Leaves to the next test the window as if it had just been opened on a workspace without configs and runs. */
afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
  await vscode.command('View: Close All Editors');
  await vscode.page.locator('.tabs-container .tab').first().waitFor({ state: 'detached' });
  for (const made of ['.grain', 'grain.yaml', 'experiments']) {
    await rm(path.join(workspace, made), { recursive: true, force: true, maxRetries: 5 });
  }
  await vscode.command('Notifications: Clear All Notifications');
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('an empty explorer says what to do; a config comes from a template, the doctor answers', async () => {
  await vscode.command('GRAIN: Focus on Runs View');
  await vscode.page.getByText('No runs yet.').waitFor();
  await vscode.screenshot('welcome-dark');
  await vscode.command('GRAIN: Doctor');
  await vscode.page.getByText(/wasm/).first().waitFor();
  await vscode.screenshot('doctor-dark');
  await vscode.command('GRAIN: Create config', vscode.choice('Template: texts'));
  await eventually('grain.yaml', async () =>
    existsSync(path.join(workspace, 'grain.yaml')) ? true : undefined,
  );
  await vscode.screenshot('template-dark');
});

test('a config error is shown at its place, and nothing is written', async () => {
  await writeFile(path.join(workspace, 'grain.yaml'), `${config(10)}learningrate: 3\n`);
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const message = vscode.page.locator('.notification-toast', { hasText: 'learningrate' });
  await message.first().waitFor();
  assert.match(
    (await message.first().textContent()) ?? '',
    /grain\.yaml:13:1: unknown key "learningrate"/,
  );
  await vscode.screenshot('config-error-dark');
  assert.equal(existsSync(path.join(workspace, '.grain/runs')), false);
});

test('a mistake found at launch is marked, and corrected by its quick fix', async () => {
  const file = path.join(workspace, 'grain.yaml');
  await writeFile(file, config(10).replace('target: ring', 'target: rign'));
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const message = vscode.page.locator('.notification-toast', { hasText: 'no column "rign"' });
  await message.first().waitFor();
  assert.match((await message.first().textContent()) ?? '', /grain\.yaml:4:68: no column "rign"/);
  await message.getByText('Open problem').click();
  await vscode.page.locator('.squiggly-error').first().waitFor();
  await fix(file, 'ring', config(10), 'quick-fix-dark');
});

/** Changes what the cursor is on by its quick fix, and saves it. @param fixed the whole file afterwards */
async function fix(file: string, suggestion: string, fixed: string, screenshot: string) {
  const offer = vscode.page.locator('.action-widget', { hasText: `Change to '${suggestion}'` });
  await vscode.provoke(offer, () => vscode.page.keyboard.press('Control+.'));
  await vscode.screenshot(screenshot);
  await vscode.page.keyboard.press('Enter');
  await vscode.command('File: Save');
  await eventually('the corrected config', async () =>
    (await readFile(file, 'utf8')) === fixed ? true : undefined,
  );
}

test('what was measured to do harm is marked, with a better name as its fix, and runs all the same', async () => {
  const file = path.join(workspace, 'grain.yaml');
  const harmful = config(10).replace('{ by: microbatch, count: 4 }', '{ by: label }');
  await writeFile(file, harmful);
  // Written right after the editor has saved it, the file may count as what was saved.
  await vscode.openFile('grain.yaml', 5, 13);
  await vscode.command('File: Revert File');
  await vscode.page.locator('.view-line', { hasText: 'by: label' }).waitFor();
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const id = await eventually('a run', async () => (await runIds())[0]);
  await eventually('the warning in its log', async () => {
    const logged = (await events(id)).filter((event) => event.kind === 'warning');
    return logged.some(({ message }) => /stalls grain/.test(message)) || undefined;
  });
  await vscode.openFile('grain.yaml', 6, 13);
  await vscode.page.locator('.squiggly-warning').first().waitFor();
  const better = harmful.replace('[grain]', '[grain-normalized]');
  await fix(file, 'grain-normalized', better, 'warning-dark');
  await eventually('its end', async () =>
    (await events(id)).some(({ kind }) => kind === 'end') ? true : undefined,
  );
});

test('runs of a config below the workspace are found, and can be resumed', async () => {
  await mkdir(path.join(workspace, 'experiments'));
  const below = config(1_000_000).replaceAll('data/rings.csv', '../data/rings.csv');
  await writeFile(path.join(workspace, 'experiments/rings.grain.yaml'), below);
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const id = await eventually('a run', async () => (await runIds())[0]);
  await vscode.command('GRAIN: Focus on Runs View');
  await row('running').waitFor();
  assert.equal(existsSync(path.join(workspace, 'experiments/.grain')), false);
  await vscode.command('GRAIN: Stop run');
  await row('stopped').waitFor();
  const atStop = await stepCount(id);
  await vscode.command('GRAIN: Resume run');
  await eventually('steps after the resume', async () =>
    (await stepCount(id)) > atStop ? true : undefined,
  );
  await vscode.command('GRAIN: Stop run');
  await row('stopped').waitFor();
});

test('deleting a run asks, and keeps it on Cancel', async () => {
  await writeFile(path.join(workspace, 'grain.yaml'), config(10));
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  await vscode.command('GRAIN: Focus on Runs View');
  await row('seed 0').filter({ hasText: 'finished' }).waitFor();
  const dialog = vscode.page.locator('.monaco-dialog-box');
  for (const [answer, left] of [
    ['Cancel', 1],
    ['Delete', 0],
  ] as const) {
    await vscode.select(row('seed 0'));
    await vscode.command('GRAIN: Delete run');
    await dialog.waitFor();
    if (answer === 'Delete') await vscode.screenshot('delete-dark');
    await dialog.getByText(answer, { exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await eventually(`${left} runs left`, async () =>
      (await runIds()).length === left ? true : undefined,
    );
  }
});

test('a run outlives its window, is found again, and after a kill can be resumed', async () => {
  await writeFile(path.join(workspace, 'grain.yaml'), config(1_000_000));
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const id = await eventually('a run', async () => (await runIds())[0]);
  await eventually('its first steps', async () => ((await stepCount(id)) > 5 ? true : undefined));

  await vscode.close();
  const atClose = await stepCount(id);
  await eventually('steps without a window', async () =>
    (await stepCount(id)) > atClose ? true : undefined,
  );

  vscode = await VSCode.open(workspace);
  await vscode.command('GRAIN: Focus on Runs View');
  await row('running').waitFor();

  const start = (await events(id)).find((event) => event.kind === 'start');
  assert.ok(start);
  process.kill(start.pid, 'SIGKILL');
  await row('interrupted').waitFor();
  await vscode.screenshot('explorer-interrupted-dark');

  const atKill = await stepCount(id);
  await vscode.select(row('interrupted'));
  await vscode.command('GRAIN: Resume run');
  await eventually('steps after the resume', async () =>
    (await stepCount(id)) > atKill ? true : undefined,
  );
  const steps = (await events(id)).flatMap((e) => (e.kind === 'step' ? [e.step] : []));
  assert.deepEqual(
    steps,
    [...steps.keys()].map((i) => i + 1),
    'no step lost, none repeated',
  );
  await vscode.command('GRAIN: Stop run');
  await row('stopped').waitFor();
});

test('an untrusted workspace runs nothing', async () => {
  await writeFile(path.join(workspace, 'grain.yaml'), config(10));
  await vscode.close();
  vscode = await VSCode.open(workspace, {
    trust: true,
    settings: { 'security.workspace.trust.startupPrompt': 'never' },
  });
  assert.equal(await vscode.offers('GRAIN: Run GRAIN fine-tune'), false);
  assert.equal(await vscode.offers('GRAIN: Probe config'), false);
  await vscode.screenshot('untrusted-dark');
  assert.equal(existsSync(path.join(workspace, '.grain')), false);
});

function row(text: string) {
  return vscode.row(text).last();
}

function config(steps: number): string {
  return [
    'name: rings',
    'task: classification',
    'model: { architecture: mlp, hidden: [16] }',
    'data: { train: data/rings.csv, validation: data/rings.csv, target: ring }',
    'groups: { by: microbatch, count: 4 }',
    'aggregate: [grain]',
    'batchSize: 32',
    `steps: ${steps}`,
    'evaluateEvery: 50',
    'checkpointEvery: 50',
    'seeds: [0]',
    'device: cpu',
    '',
  ].join('\n');
}

/** Points on two rings, the inner and the outer, at golden-angle steps. */
function rings(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const angle = i * 2.399963;
    const inner = i % 2 === 0;
    const radius = (inner ? 1 : 2) + 0.3 * Math.sin(7 * i);
    const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    return `${x.toFixed(6)},${y.toFixed(6)},${inner ? 'inner' : 'outer'}`;
  });
  return ['x,y,ring', ...rows, ''].join('\n');
}

/** Without the hidden folder in which runs are for a moment, before they get their names. */
async function runIds(): Promise<string[]> {
  const names = await readdir(path.join(workspace, '.grain/runs')).catch(() => []);
  return names.filter((name) => !name.startsWith('.'));
}

async function events(id: string): Promise<RunEvent[]> {
  const file = path.join(workspace, '.grain/runs', id, 'events.jsonl');
  const text = await readFile(file, 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter(Boolean).map((line) => JSON.parse(line) as RunEvent);
}

async function stepCount(id: string): Promise<number> {
  return (await events(id)).filter(({ kind }) => kind === 'step').length;
}
