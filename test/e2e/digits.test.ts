import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Frame, Locator } from 'playwright-core';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import type { RunEvent, StepEvent, ValidationEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { chartData, eventually, VSCode } from './vscode.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const example = path.join(repository, 'examples/digits');

/** A point of a chart. */
interface XY {
  readonly x: number;
  readonly y: number | null;
}

let workspace: string;
let vscode: VSCode;

before(async () => {
  await promisify(execFile)(process.execPath, [path.join(example, 'prepare.ts')]);
  workspace = await mkdtemp(path.join(tmpdir(), 'grain-digits-'));
  for (const part of ['grain.yaml', 'pretrain.grain.yaml', 'data', 'checkpoint']) {
    await cp(path.join(example, part), path.join(workspace, part), { recursive: true });
  }
  vscode = await VSCode.open(workspace);
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
});

after(async () => {
  await vscode?.close();
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

describe('digits, from the palette to the panels', () => {
  test('the palette starts the runs of a config', async () => {
    await vscode.command('GRAIN: Run GRAIN fine-tune', config());
    await eventually('ten run folders', async () => {
      return (await manifests()).length === 10 || undefined;
    });
  });

  test('the explorer shows experiment, aggregator and seed, one of them running', async () => {
    await vscode.command('GRAIN: Focus on Runs View');
    for (const name of ['digits', 'grain', 'mean', 'seed 0', 'running']) {
      await row(name).first().waitFor();
    }
    await vscode.screenshot('explorer-running-dark');
  });

  test('the weights panel moves, and shows what the trainer logged', async () => {
    await vscode.command('GRAIN: Open weights panel');
    const frame = await vscode.panelWith('weights-area');
    const early = await lastStep(frame, 'weights-area');
    await eventually('new steps in the weights chart', async () => {
      return (await lastStep(frame, 'weights-area')) > early || undefined;
    });
    await compareWeights(frame);
    await vscode.screenshot('weights-running-dark');
  });

  test('the conflict panel moves', async () => {
    await vscode.command('GRAIN: Open conflict panel');
    const frame = await vscode.panelWith('conflict-matrix');
    const early = await lastStep(frame, 'conflict-rate');
    await eventually('new steps in the conflict chart', async () => {
      return (await lastStep(frame, 'conflict-rate')) > early || undefined;
    });
    const matrix = await chartData(frame, 'conflict-matrix');
    assert.equal(matrix.datasets[0]?.data.length, 25, 'cosines between five classes');
    await compareConflict(frame);
    await vscode.screenshot('conflict-running-dark');
  });

  test('the seed variance panel shows the validations of every seed', async () => {
    await vscode.command('GRAIN: Open seed variance panel');
    const frame = await vscode.panelWith('metric-bands');
    await eventually('validation points', async () => {
      const { datasets } = await chartData(frame, 'metric-bands');
      return datasets.some((set) => set.data.length > 1) || undefined;
    });
    await vscode.screenshot('seed-variance-running-dark');
  });

  test('a window reload in mid-run brings the panels back, and the runs go on', async () => {
    const before = await totalSteps();
    await vscode.reload();
    const bands = await vscode.panelWith('metric-bands');
    assert.ok(bands);
    await eventually('more steps after the reload', async () => {
      return (await totalSteps()) > before || undefined;
    });
    await vscode.command('GRAIN: Open weights panel');
    await compareWeights(await vscode.panelWith('weights-area'));
  });

  test('stop ends the runs gracefully', async () => {
    await vscode.command('GRAIN: Stop run');
    await eventually('ten ended runs', async () => {
      return (await endings()).length === 10 || undefined;
    });
    assert.ok((await endings()).includes('stopped'));
  });

  test('the seed variance panel fills while twenty shorter runs end, and agrees with their logs', async () => {
    const known = new Set((await manifests()).map(({ id }) => id));
    const file = path.join(workspace, 'grain.yaml');
    const text = await readFile(file, 'utf8');
    const more = text.replace(/^seeds: .*$/m, 'seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]');
    await writeFile(file, more.replace(/^steps: .*$/m, 'steps: 20'));
    await vscode.command('View: Close All Editors');
    await vscode.command('GRAIN: Run GRAIN fine-tune', config());
    const own = async () => (await manifests()).filter(({ id }) => !known.has(id));
    await row('steps 300 → 20').waitFor();
    await vscode.command('GRAIN: Open seed variance panel');
    const frame = await vscode.panelWith('metric-bands');
    const table = frame.getByRole('region', { name: 'Final value over seeds' });
    const seen: number[] = [];
    await eventually('the final values of twenty runs', async () => {
      const ended = await endedRuns(table);
      if (ended !== seen.at(-1)) seen.push(ended);
      return ended === 20 || undefined;
    });
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      'no run is lost again',
    );
    assert.ok(seen.length >= 4, `it was filled in ${seen.length} parts: ${seen}`);
    assert.deepEqual(new Set(await endings(await own())), new Set(['finished']));
    await compareSeedVariance(frame, await own());
    await vscode.screenshot('seed-variance-twenty-dark');
  });
});

describe('the panels of a finished run', () => {
  before(async () => {
    await vscode.command('View: Close All Editors');
    await vscode.command('Notifications: Clear All Notifications');
    await vscode.command('GRAIN: Focus on Runs View');
    // The first run of the finished experiment, the newest.
    await unfold(row('digits').first(), true);
    await unfold(row('grain').first(), true);
    await vscode.select(row('seed 0').first());
  });

  for (const theme of ['dark', 'light', 'highContrast'] as const) {
    test(`in the ${theme} theme`, async () => {
      await vscode.setTheme(theme);
      for (const [title, canvas, name] of [
        ['GRAIN: Open weights panel', 'weights-area', 'weights'],
        ['GRAIN: Open conflict panel', 'conflict-rate', 'conflict'],
        ['GRAIN: Open seed variance panel', 'metric-bands', 'seed-variance'],
        ['GRAIN metrics: Focus on GRAIN metrics View', 'loss', 'metrics'],
      ] as const) {
        await vscode.command(title);
        const frame = await vscode.panelWith(canvas);
        await eventually(`data in ${canvas}`, async () => {
          const { datasets } = await chartData(frame, canvas);
          return datasets.some((set) => set.data.length > 1) || undefined;
        });
        await vscode.screenshot(`${name}-${theme}`);
      }
    });
  }
});

/** A click turns it, and the tree may still be on its way from an earlier one. */
async function unfold(line: Locator, unfolded: boolean): Promise<void> {
  await eventually(`${unfolded ? 'an unfolded' : 'a folded'} line`, async () => {
    if ((await line.getAttribute('aria-expanded')) === String(unfolded)) return true;
    await line.click();
    await vscode.page.waitForTimeout(500);
    return undefined;
  });
}

function row(text: string) {
  return vscode.row(text);
}

async function manifests(): Promise<RunManifest[]> {
  const runs = path.join(workspace, '.grain/runs');
  const ids = await readdir(runs).catch(() => []);
  const texts = await Promise.all(
    ids.map((id) => readFile(path.join(runs, id, 'run.json'), 'utf8').catch(() => undefined)),
  );
  return texts.filter((text) => text !== undefined).map((text) => JSON.parse(text) as RunManifest);
}

/** The events as any other tool would read them: whole lines of JSON. */
async function events(id: string): Promise<RunEvent[]> {
  const file = path.join(workspace, '.grain/runs', id, 'events.jsonl');
  const text = await readFile(file, 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter(Boolean).map((line) => JSON.parse(line) as RunEvent);
}

/** The example's config, in the list of those that can be run. */
function config(): Locator {
  return vscode.choice('grain.yaml').filter({ hasNotText: 'pretrain' });
}

async function stepsOf(id: string): Promise<StepEvent[]> {
  return (await events(id)).filter((event) => event.kind === 'step');
}

async function totalSteps(): Promise<number> {
  const counts = (await manifests()).map(async ({ id }) => (await stepsOf(id)).length);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function endings(of?: readonly RunManifest[]): Promise<string[]> {
  const all = await Promise.all((of ?? (await manifests())).map(({ id }) => events(id)));
  return all.flatMap((list) => list.flatMap((e) => (e.kind === 'end' ? [e.status] : [])));
}

async function lastStep(frame: Frame, canvas: string): Promise<number> {
  const { datasets } = await chartData(frame, canvas);
  const last = (datasets[0]?.data as XY[] | undefined)?.at(-1);
  return last?.x ?? -1;
}

/** Number of runs in the table of final values: the sum of its column of seeds. */
async function endedRuns(table: Locator): Promise<number> {
  const rows = await table.locator('tbody tr').all();
  const counts = rows.map(async (row) => Number(await row.locator('td').first().textContent()));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Id of the run that a panel shows, the name of its folder. */
async function shownRun(frame: Frame): Promise<string> {
  const id = await frame.locator('[data-run-id]').first().getAttribute('data-run-id');
  assert.ok(id, 'the panel says which run it shows');
  return path.basename(id);
}

async function compareWeights(frame: Frame): Promise<void> {
  await eventually('steps in the weights chart', async () => {
    return (await lastStep(frame, 'weights-area')) > 0 || undefined;
  });
  const logged = await stepsOf(await shownRun(frame));
  const { datasets } = await chartData(frame, 'weights-area');
  assert.equal(datasets.length, 5, 'a layer for each of the five classes');
  // A point of a long run is the mean of several steps, drawn at the last of them.
  let compared = 0;
  datasets.forEach((set, group) => {
    const points = set.data as XY[];
    points.forEach(({ x, y }, i) => {
      const averaged = logged.slice(points[i - 1]?.x ?? 0, x);
      if (averaged.at(-1)?.step !== x || y === null) return;
      const weights = averaged.map((step) => step.weights?.[step.groups.indexOf(group)] ?? 0);
      const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
      assert.ok(Math.abs(mean - y) < 1e-12);
      compared++;
    });
  });
  assert.ok(compared >= 5, 'points were compared');
}

/** The smallest cosines drawn are what the engine makes of the Gram matrices and weights in the log. */
async function compareConflict(frame: Frame): Promise<void> {
  const logged = await stepsOf(await shownRun(frame));
  const { datasets } = await chartData(frame, 'min-cosine');
  const drawn = datasets.find(({ label }) => label === 'smallest cosine')?.data as XY[];
  const known = drawn.filter(({ x }) => x <= logged.length);
  assert.ok(known.length > 1, 'points were compared');
  for (const { x, y } of known) {
    const { minCosine } = diagnoseStep(factsOf(logged[x - 1]!));
    assert.ok(Math.abs(minCosine! - y!) < 1e-9, `step ${x}: ${y} drawn, ${minCosine} logged`);
  }
}

async function compareSeedVariance(frame: Frame, runs: readonly RunManifest[]): Promise<void> {
  const { datasets } = await chartData(frame, 'metric-bands');
  const drawn = new Set(
    datasets.flatMap((set) => (set.data as XY[]).map(({ x, y }) => `${x}:${y?.toFixed(9)}`)),
  );
  for (const manifest of runs) {
    const validations = (await events(manifest.id)).filter(
      (event): event is ValidationEvent => event.kind === 'validation',
    );
    assert.ok(validations.length >= 2);
    for (const { step, metrics } of validations) {
      const value = metrics[manifest.metric.name];
      assert.ok(
        drawn.has(`${step}:${value?.toFixed(9)}`),
        `validation of ${manifest.id} at step ${step} is drawn`,
      );
    }
  }
}
