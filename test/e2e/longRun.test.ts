/** A long run opened in VS Code: 20,000 steps, or GRAIN_LONG_STEPS. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Frame } from 'playwright-core';
import { RunIndex } from '../../src/runs/index/runIndex.ts';
import { longRun, planted, writeLongRun } from '../webview/longRun.ts';
import { chartData, eventually } from './vscode.ts';
import { TestWindow } from './window.ts';

const STEPS = Number(process.env.GRAIN_LONG_STEPS ?? 20_000);
const { conflict } = planted(STEPS);

const window = TestWindow.on(async (workspace) => {
  const run = longRun(path.join(workspace, '.grain/runs/long'), STEPS);
  await writeLongRun(run);
  // As the trainer leaves it.
  await RunIndex.use(run, async () => {});
});

test('the one step that conflicts is seen in the whole run, and exactly when zoomed in', async (t) => {
  const { vscode } = window;
  await vscode.command('GRAIN: Focus on Runs View');
  await vscode.select(window.row('seed 0'));
  // What is measured is the panel, not how long VS Code takes for the first webview of a window.
  await vscode.panelWith('loss');
  const opened = performance.now();
  await vscode.command('GRAIN: Open conflict panel');
  const frame = await vscode.panelWith('conflict-matrix');
  const mark = await eventually('the mark of the conflict', async () => (await marks(frame))[0]);
  t.diagnostic(`first picture of ${STEPS} steps after ${seconds(opened)}`);
  assert.equal((await marks(frame)).length, 1);
  assert.ok(mark.y < 0);
  assert.ok(Math.abs(mark.x - conflict) <= STEPS / 100, 'where it is');
  await vscode.screenshot('long-run-dark');

  await frame.getByRole('spinbutton', { name: 'First step' }).fill(String(conflict - 250));
  await frame.getByRole('spinbutton', { name: 'Last step' }).fill(String(conflict + 250));
  const zoomed = performance.now();
  await vscode.page.keyboard.press('Enter');
  const exact = await eventually('every step around it', async () => {
    const [cosines] = await cosinesOf(frame);
    return cosines?.length === 501 ? cosines : undefined;
  });
  t.diagnostic(`zoom to 501 steps after ${seconds(zoomed)}`);
  const [only, ...others] = exact.filter(({ y }) => y !== null && y < 0);
  assert.equal(only?.x, conflict);
  assert.deepEqual(others, []);
  assert.deepEqual(await marks(frame), [only]);
  await vscode.screenshot('long-run-zoomed-dark');
});

interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** Smallest cosines, and where the guarantee was violated. */
async function cosinesOf(frame: Frame): Promise<readonly (readonly Point[])[]> {
  const { datasets } = await chartData(frame, 'min-cosine');
  return datasets.map(({ data }) => data as readonly Point[]);
}

async function marks(frame: Frame) {
  const [, violations = []] = await cosinesOf(frame);
  return violations.flatMap(({ x, y }) => (y === null ? [] : [{ x, y }]));
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}
