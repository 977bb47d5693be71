/** From a machine where nothing is set up to runs of PyTorch: a script of the user's, and the device `torch`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { bareEnvironment, environmentWithPackages, OFFLINE } from '../python/environments.ts';
import { eventually } from './vscode.ts';
import { TestWindow } from './window.ts';

let bare: string;
let python: string;
// PyTorch's threads wait for each other many times as long as one alone works.
const env = { GRAIN_PYTHON: '', OMP_NUM_THREADS: '1', ...OFFLINE };
const window = TestWindow.on(
  (workspace) => {
    bare = bareEnvironment(path.join(workspace, 'venv'));
    python = environmentWithPackages(path.join(workspace, '.venv'));
    writeFileSync(
      path.join(workspace, 'days.csv'),
      `text,label\n${'good day,good\nbad night,bad\n'.repeat(16)}`,
    );
    writeFileSync(
      path.join(workspace, 'days.grain.yaml'),
      `name: days
model: { from: ./model, head: new }
data: { train: days.csv, validation: days.csv, text: text, target: label }
groups: { by: microbatch, count: 4 }
aggregate: [grain]
seeds: [0]
batchSize: 8
steps: 1000000
evaluateEvery: 1000000
device: torch
`,
    );
  },
  { env },
);

afterEach(async () => {
  await window.vscode.command('Notifications: Clear All Notifications');
});

test('a bare Python says what it lacks, and why nothing can be installed into it', async () => {
  await window.vscode.command('GRAIN: Set up GPU training');
  const choice = pick(`into ${bare}`);
  await choice.waitFor();
  assert.match((await choice.textContent()) ?? '', /without torch, transformers/);
  await window.vscode.screenshot('set-up-dark');
  await choice.click();
  const failure = window.toast('this Python has no pip').first();
  await failure.waitFor();
  assert.match((await failure.textContent()) ?? '', /Make a new environment instead/);
});

test('grain_torch is installed into a Python with PyTorch', async () => {
  const { vscode, workspace } = window;
  await vscode.command('GRAIN: Set up GPU training');
  const choice = pick(`into ${python}`);
  await choice.waitFor();
  assert.match((await choice.textContent()) ?? '', /torch 2\./);
  await choice.click();
  await window.toast(`device: torch now trains in ${python}`).first().waitFor();
  assert.equal((await vscode.machineSettings())['grain.pythonPath'], python);
  const lib = path.join(workspace, '.venv/lib');
  const [version] = await readdir(lib);
  await access(path.join(lib, version!, 'site-packages/grain_torch/py.typed'));
});

test('a script of transformers appears while it trains, and can be stopped', async () => {
  const script = path.resolve(import.meta.dirname, '../python/endless_trainer.py');
  const child = spawn(python, ['-W', 'ignore', script], {
    cwd: window.workspace,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await runOnce('script', ({ step }) => step > 0);
  await window.vscode.page.locator('.statusbar', { hasText: 'script' }).waitFor();
  await window.vscode.command('GRAIN: Focus on Runs View');
  await window.row('script').first().waitFor();
  await window.vscode.command('GRAIN: Stop run');
  await runOnce('script', ({ status }) => status === 'stopped');
  assert.deepEqual(await ended, [0, null]);
});

test('its model is trained by the device torch from the palette, stopped and resumed', async () => {
  const { vscode } = window;
  await vscode.command('GRAIN: Run GRAIN fine-tune');
  const run = await runOnce('days', ({ step }) => step > 0);
  assert.equal(run.manifest.device.backend, 'torch');
  await vscode.command('GRAIN: Stop run');
  const stopped = await runOnce('days', ({ status }) => status === 'stopped');
  // It is still selected.
  await vscode.command('GRAIN: Resume run');
  await runOnce('days', ({ step }) => step > stopped.step);
  await vscode.command('GRAIN: Stop run');
  await runOnce('days', ({ status }) => status === 'stopped');
});

/** The run of an experiment, once it is as wanted. */
function runOnce(experiment: string, isWanted: (run: RunSummary) => boolean): Promise<RunSummary> {
  return eventually(`the wanted state of ${experiment}`, async () => {
    const all = await new RunStore(window.workspace).list();
    return all.find((run) => run.manifest.experiment.name === experiment && isWanted(run));
  });
}

function pick(text: string) {
  return window.vscode.choice(text).first();
}
