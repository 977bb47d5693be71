/** Runs that are trained at the same time, by processes of this machine, by a program of the user's and on a cluster. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { writeRings } from '../integration/rings.ts';
import { interpreter } from '../python/python.ts';
import { hasRay, startCluster } from '../python/ray.ts';
import { eventually } from './vscode.ts';
import { TestWindow } from './window.ts';

/** More than a test waits for. */
const STEPS = 1_000_000;
const skip = hasRay() ? false : 'no Ray in the Python of the tests: npm run test:setup';
const cluster = skip === false ? await startCluster(1) : undefined;
after(() => cluster?.close());

const window = TestWindow.on(
  (workspace) => {
    const endless = { steps: String(STEPS), evaluateEvery: String(STEPS) };
    writeRings(path.join(workspace, 'pair'), { ...endless, concurrency: '2', seeds: '[0, 1]' });
    writeRings(path.join(workspace, 'cluster'), { ...endless, aggregate: '[mean]' });
    const program = path.join(workspace, 'program');
    mkdirSync(program);
    writeFileSync(
      path.join(program, 'grain.yaml'),
      'program: node train.mjs {seed}\nseeds: [0, 1]\n',
    );
    writeFileSync(
      path.join(program, 'train.mjs'),
      "if (process.argv[2] === '1') setInterval(() => {}, 1000);\n",
    );
  },
  { env: skip === false ? { GRAIN_PYTHON: interpreter() } : {} },
);

afterEach(async () => {
  await window.vscode.command('Notifications: Clear All Notifications');
});

/** The runs of a config, once they are as wanted. */
function runsOnce(
  config: string,
  areWanted: (runs: readonly RunSummary[]) => boolean,
): Promise<readonly RunSummary[]> {
  return eventually(`wanted states of ${config}`, async () => {
    const all = await new RunStore(window.workspace).list();
    const own = all.filter(({ manifest }) => manifest.configPath.startsWith(`${config}/`));
    return own.length > 0 && areWanted(own) ? own : undefined;
  });
}

const count = (runs: readonly RunSummary[], status: string) =>
  runs.filter((run) => run.status === status).length;
const stepsOf = (runs: readonly RunSummary[]) => runs.reduce((sum, { step }) => sum + step, 0);

test('two of four runs are trained at a time, and the time left is that of both', async () => {
  const { vscode } = window;
  const run = 'GRAIN: Run GRAIN fine-tune';
  await vscode.command(run, vscode.choice(path.join('pair', 'grain.yaml')));
  await runsOnce('pair', (all) => all.filter(({ step }) => step > 0).length === 2);
  const seeds = (state: string) => window.row('seed').filter({ hasText: state });
  await seeds('running').nth(1).waitFor();
  assert.equal(await seeds('queued').count(), 2);
  const item = vscode.page.locator('.statusbar-item', { hasText: / left/ });
  await item.waitFor();
  await eventually('a time left that fits the pace of both runs', async () => {
    const before = stepsOf(await new RunStore(window.workspace).list());
    const since = performance.now();
    await sleep(3_000);
    const after = stepsOf(await new RunStore(window.workspace).list());
    const pace = (after - before) / (performance.now() - since);
    const expected = (4 * STEPS - after) / pace;
    const told = /(?:(\d+) h )?(\d+) min[^·]* left/.exec((await item.textContent()) ?? '');
    const milliseconds = (Number(told?.[1] ?? 0) * 60 + Number(told?.[2])) * 60_000;
    // One run alone would have half the pace.
    return Math.abs(Math.log2(milliseconds / expected)) < 0.6 || undefined;
  });
  assert.match((await item.getAttribute('aria-label')) ?? '', /3 more to go/);
  await vscode.screenshot('at-once-dark');
  await vscode.command('GRAIN: Stop run');
  await runsOnce('pair', (all) => count(all, 'stopped') === 4);
  await item.waitFor({ state: 'detached' });
});

test('a program of the user’s is started, and stopped, as any run', async () => {
  const { vscode } = window;
  const run = 'GRAIN: Run GRAIN fine-tune';
  await vscode.command(run, vscode.choice(path.join('program', 'grain.yaml')));
  await runsOnce('program', (all) => count(all, 'finished') === 1 && count(all, 'running') === 1);
  await vscode.command('GRAIN: Stop run');
  await runsOnce('program', (all) => count(all, 'stopped') === 1);
  await window.row('seed 1').filter({ hasText: 'stopped' }).first().waitFor();
});

test('runs of a cluster are started, stopped and resumed from the palette', { skip }, async () => {
  const { vscode } = window;
  const run = 'GRAIN: Run on a Ray cluster';
  await vscode.command(run, vscode.choice(path.join('cluster', 'grain.yaml')));
  const input = vscode.page.locator('.quick-input-widget input').first();
  await vscode.page.locator('.quick-input-widget', { hasText: 'ray://host:10001' }).waitFor();
  await input.fill(cluster!.address);
  await vscode.page.keyboard.press('Enter');
  await runsOnce('cluster', ([first]) => first!.step > 0);
  await vscode.screenshot('ray-dark');
  await vscode.command('GRAIN: Stop run');
  const [stopped] = await runsOnce('cluster', (all) => count(all, 'stopped') === 1);
  // It is still selected.
  await vscode.command('GRAIN: Resume run');
  const [resumed] = await runsOnce('cluster', ([first]) => first!.step > stopped!.step);
  assert.deepEqual(resumed!.manifest.config.ray, { address: cluster!.address, cpus: 1, gpus: 0 });
  await vscode.command('GRAIN: Stop run');
  await runsOnce('cluster', (all) => count(all, 'stopped') === 1);
});
