import assert from 'node:assert/strict';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { bareEnvironment, environmentWithPackages, OFFLINE } from '../python/environments.ts';
import { VSCode } from './vscode.ts';

let workspace: string;
let bare: string;
let python: string;
let vscode: VSCode;

before(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-setting-up-'));
  bare = bareEnvironment(path.join(workspace, 'venv'));
  python = environmentWithPackages(path.join(workspace, '.venv'));
  vscode = await VSCode.open(workspace, {
    env: { GRAIN_PYTHON: '', ...OFFLINE },
  });
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
  await vscode.command('Notifications: Clear All Notifications');
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

test('a bare Python says what it lacks, and why nothing can be installed into it', async () => {
  await vscode.command('GRAIN: Set up GPU training');
  const choice = pick(`into ${bare}`);
  await choice.waitFor();
  assert.match((await choice.textContent()) ?? '', /without torch, transformers/);
  await vscode.screenshot('set-up-dark');
  await choice.click();
  const failure = toast('this Python has no pip');
  await failure.waitFor();
  assert.match((await failure.textContent()) ?? '', /Make a new environment instead/);
});

test('grain_torch is installed into a Python with PyTorch, which is then trained in', async () => {
  await vscode.command('GRAIN: Set up GPU training');
  const choice = pick(`into ${python}`);
  await choice.waitFor();
  assert.match((await choice.textContent()) ?? '', /torch 2\./);
  await choice.click();
  await toast(`device: torch now trains in ${python}`).waitFor();
  assert.equal((await vscode.machineSettings())['grain.pythonPath'], python);
  const lib = path.join(workspace, '.venv/lib');
  const [version] = await readdir(lib);
  await access(path.join(lib, version!, 'site-packages/grain_torch/py.typed'));
});

function pick(text: string) {
  return vscode.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
}

function toast(text: string) {
  return vscode.page.locator('.notification-toast', { hasText: text }).first();
}
