/** The panels in a real browser: what they draw is what they were sent, in every theme, at 400 and 1000 pixels. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { sampleStandardDeviation } from 'simple-statistics';
import type { WeightsPoint } from '../../src/extension/messages/points.ts';
import { costFixture, type RunFixture, runFixture, seedFixture } from '../webview/fixtures.ts';
import {
  drawn,
  drawnAtSize,
  hostRecord,
  type Opened,
  PanelBrowser,
  type PanelName,
  seenText,
  send,
  setTheme,
  type ThemeName,
} from './panelBrowser.ts';

const screenshots = path.join(import.meta.dirname, 'screenshots/panels');
const grain = runFixture({ aggregator: 'grain', seed: 3, groups: 8, steps: 240 });
const mean = runFixture({ aggregator: 'mean', seed: 3, groups: 8, steps: 240 });
const updated = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 16,
  steps: 240,
  noise: 0.3,
  momentum: 0.5,
});
const halted = runFixture({ aggregator: 'grain', seed: 3, groups: 8, steps: 240, noise: 0 });
const smoothed = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  smoothing: 0.9,
});
const preconditioned = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 8,
  steps: 240,
  metric: 'preconditioned',
});
const layerwise = runFixture({ aggregator: 'grain-layerwise', seed: 3, groups: 8, steps: 120 });
const streaming = runFixture({ aggregator: 'grain-streaming', seed: 3, groups: 8, steps: 120 });
const pcgrad = runFixture({ aggregator: 'pcgrad', seed: 3, groups: 8, steps: 240, noise: 0.1 });
const cagrad = runFixture({
  aggregator: 'cagrad',
  parameters: { c: 0.8 },
  seed: 3,
  groups: 8,
  steps: 240,
});
const imtl = runFixture({ aggregator: 'imtl-g', seed: 3, groups: 8, steps: 48, noise: 2 });
const graddrop = runFixture({ aggregator: 'graddrop', seed: 3, groups: 8, steps: 120 });
/** A trainer that claims grain and uses the mean. */
const broken = runFixture({ aggregator: 'mean', claims: 'grain', seed: 3, groups: 8, steps: 240 });
const sixteen = runFixture({
  aggregator: 'grain',
  seed: 3,
  groups: 16,
  steps: 120,
  lastIsRare: true,
});

const ownCost = { gradients: 90, aggregate: 4, tensors: 82 * 2 ** 20 };
const meanCost = { gradients: 90, aggregate: 1, tensors: 80.4 * 2 ** 20 };

/** Steps up to and including the last that violated the guarantee. */
const brokenAt = broken.points.findLastIndex(({ guarantee }) => guarantee === 'violated') + 1;

/** Eight aggregators as they come and seven with settings, three seeds each. */
const fifteen = seedFixture(
  'loss',
  [0, 1, 2],
  [2],
  [
    { aggregator: 'grain' },
    { aggregator: 'mean' },
    { aggregator: 'grain', metric: 'preconditioned' },
    { aggregator: 'grain', smoothing: 0.9 },
    { aggregator: 'grain-layerwise' },
    { aggregator: 'grain-streaming' },
    { aggregator: 'cagrad' },
    { aggregator: 'cagrad', parameters: { c: 0.2 } },
    { aggregator: 'cagrad', parameters: { c: 0.8 } },
    { aggregator: 'pcgrad' },
    { aggregator: 'upgrad' },
    { aggregator: 'imtl-g' },
    { aggregator: 'graddrop', parameters: { leak: 0.3 } },
    { aggregator: 'mean-norm-matched' },
    { aggregator: 'gradvac' },
  ],
);

let browser: PanelBrowser;
before(async () => {
  await mkdir(screenshots, { recursive: true });
  browser = await PanelBrowser.start();
});
after(() => browser?.close());

/** Opens a panel, and afterwards asserts that there were no complaints. */
async function withPanel(
  panel: PanelName,
  use: (opened: Opened & { readonly page: Page }) => Promise<void>,
  {
    theme = 'dark',
    width = 1000,
    height = 800,
  }: { theme?: ThemeName; width?: number; height?: number } = {},
): Promise<void> {
  const opened = await browser.open(panel, theme, width, height);
  try {
    await use(opened);
    assert.deepEqual(opened.complaints, [], 'no console error and no violation of the policy');
  } finally {
    await opened.page.close();
  }
}

function weightsShow(
  { run, choices, groupNames, points, blocksAt }: RunFixture,
  count = points.length,
) {
  const blocks = blocksAt(count - 1);
  return { type: 'show', run, choices, groupNames, points: points.slice(0, count), blocks };
}

function conflictShow({ run, choices, points, matrixAt }: RunFixture, count = points.length) {
  return { type: 'show', run, choices, points: points.slice(0, count), now: matrixAt(count - 1) };
}

function metricsShow(
  { run, choices, groupNames, points, validation }: RunFixture,
  count = points.length,
) {
  return {
    type: 'show',
    run,
    choices,
    groupNames,
    metric: 'distance',
    points: points.slice(0, count),
    validation: validation.filter(({ step }) => step <= count),
  };
}

/** x and y of what a dataset should hold. */
function line<T extends { readonly step: number }>(
  points: readonly T[],
  y: (point: T) => number | null,
) {
  return points.map((point) => ({ x: point.step, y: y(point) }));
}

/** Weights of a group as its area should hold them: means of as many steps as bring the points to at most 120. */
function areaOf(points: readonly WeightsPoint[], group: number) {
  const width = 2 ** Math.max(0, Math.ceil(Math.log2(points.length / 120)));
  return Array.from({ length: Math.ceil(points.length / width) }, (_, i) => {
    const averaged = points.slice(i * width, (i + 1) * width);
    const sum = averaged.reduce((total, { weights }) => total + (weights[group] ?? 0), 0);
    return { x: averaged.at(-1)!.step, y: sum / averaged.length };
  });
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number } };
      innerWidth: number;
    };
    return document.documentElement.scrollWidth - innerWidth;
  });
}

/** Marks the chart and the data array of a canvas, to recognise them later. */
async function mark(page: Page, id: string): Promise<void> {
  await page.evaluate((canvasId) => {
    const global = globalThis as unknown as ChartPage;
    const chart = global.Chart.getChart(global.document.getElementById(canvasId))!;
    global.marked = [chart, chart.data.datasets[0]!.data];
  }, id);
}

async function isMarked(page: Page, id: string): Promise<boolean> {
  return page.evaluate((canvasId) => {
    const global = globalThis as unknown as ChartPage;
    const chart = global.Chart.getChart(global.document.getElementById(canvasId))!;
    return global.marked[0] === chart && global.marked[1] === chart.data.datasets[0]!.data;
  }, id);
}

async function isShown(page: Page, id: string, dataset: number): Promise<boolean> {
  return page.evaluate(
    ([canvasId, index]) => {
      const global = globalThis as unknown as ChartPage;
      return global.Chart.getChart(global.document.getElementById(canvasId))!.isDatasetVisible(
        index,
      );
    },
    [id, dataset] as const,
  );
}

interface Swatch {
  readonly style: { readonly color: string; readonly backgroundImage: string };
}

interface PageScale {
  readonly min: number;
  readonly max: number;
  readonly options: {
    readonly stacked?: boolean;
    readonly ticks: { readonly color: string };
    readonly title: { readonly color: string };
    readonly border: { readonly color: string };
  };
}

async function scaleOf(page: Page, id: string, scale: string) {
  return page.evaluate(
    ([canvasId, name]) => {
      const { Chart, document } = globalThis as unknown as ChartPage;
      const { min, max, options } = Chart.getChart(document.getElementById(canvasId))!.scales[
        name
      ]!;
      return { min, max, stacked: options.stacked === true };
    },
    [id, scale] as const,
  );
}

/** Radius of each point of a dataset, as it is drawn. */
async function radii(page: Page, id: string, dataset: number): Promise<number[]> {
  return page.evaluate(
    ([canvasId, index]) => {
      const { Chart, document } = globalThis as unknown as ChartPage;
      const { data } = Chart.getChart(document.getElementById(canvasId))!.getDatasetMeta(index);
      return data.map(({ options }) => options.radius);
    },
    [id, dataset] as const,
  );
}

interface ChartPage {
  readonly Chart: { getChart(canvas: unknown): PageChart | undefined };
  readonly document: { getElementById(id: string): unknown };
  marked: unknown[];
}

interface PageChart {
  readonly data: {
    readonly datasets: readonly {
      readonly data: unknown;
      readonly label: string;
      readonly borderColor: string;
    }[];
  };
  readonly scales: Readonly<Record<string, PageScale>>;
  isDatasetVisible(index: number): boolean;
  getDatasetMeta(index: number): {
    readonly data: readonly { readonly options: { readonly radius: number } }[];
  };
}

describe('weights', () => {
  test('draws what it was sent, and appends to the same chart', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain, 200));
      await mark(page, 'weights-area');
      const expectLines = async (points: readonly WeightsPoint[]) => {
        const area = await drawn(page, 'weights-area');
        assert.deepEqual(
          area.map(({ label }) => label),
          grain.groupNames,
        );
        area.forEach(({ data }, group) => {
          assert.deepEqual(data, areaOf(points, group));
        });
        const [effective] = await drawn(page, 'effective-groups');
        assert.deepEqual(
          effective?.data,
          line(points, ({ effectiveGroups }) => effectiveGroups),
        );
        const [now] = await drawn(page, 'weights-now');
        assert.deepEqual(now?.data, points.at(-1)?.weights);
      };
      await expectLines(grain.points.slice(0, 200));
      for (let i = 200; i < 240; i += 8) {
        await send(page, {
          type: 'append',
          run: grain.run,
          points: grain.points.slice(i, i + 8),
          blocks: null,
        });
        await expectLines(grain.points.slice(0, i + 8));
      }
      assert.ok(await isMarked(page, 'weights-area'), 'neither chart nor data array was made anew');
      const title = page.locator('[data-run-id]');
      assert.equal(await title.getAttribute('data-run-id'), grain.run.id);
      assert.match(await seenText(title), /digits · grain · seed 3\s+running\s+step 240 \/ 480/);
    });
  });

  test('an absent group has no share of the step, and is marked absent', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(sixteen));
      const last = (await drawn(page, 'weights-area'))[15]!.data;
      assert.equal(last[2]?.y, 0);
      assert.ok((last[0]?.y ?? 0) + (last[3]?.y ?? 0) > 0);
      await page.locator('.data-table > summary').first().click();
      const row = page.locator('tbody tr').first();
      assert.match(await seenText(row), /^120\b.*absent/s);
    });
  });

  test('a long run is thinned, with the newest step at its end', async () => {
    await withPanel('weights', async ({ page }) => {
      const long = Array.from(
        { length: 5000 },
        (_, i): WeightsPoint => ({
          ...grain.points[i % grain.points.length]!,
          step: i + 1,
        }),
      );
      await send(page, { ...weightsShow(grain), points: long.slice(0, 3000) });
      for (let i = 3000; i < 5000; i += 250) {
        await send(page, {
          type: 'append',
          run: grain.run,
          points: long.slice(i, i + 250),
          blocks: null,
        });
      }
      for (const { data } of await drawn(page, 'weights-area')) {
        assert.ok(data.length <= 120 && data.length > 60, `${data.length} points`);
        assert.equal(data.at(-1)?.x, 5000);
      }
      const [effective] = await drawn(page, 'effective-groups');
      for (const { x, y } of effective!.data) assert.equal(y, long[x - 1]!.effectiveGroups);
      await page.getByText('Each point is the mean of 64 steps.').waitFor();
    });
  });

  test('keeps up with ten updates a second of sixteen groups at full length', async () => {
    await withPanel('weights', async ({ page }) => {
      const long = Array.from({ length: 1600 }, (_, i) => ({
        ...sixteen.points[i % 120]!,
        step: i + 1,
      }));
      await send(page, { ...weightsShow(sixteen), points: long.slice(0, 1400) });
      const milliseconds = await page.evaluate(
        async ({ run, points }) => {
          const global = globalThis as unknown as {
            dispatchEvent(event: unknown): void;
            MessageEvent: new (type: string, init: { data: unknown }) => unknown;
          };
          const start = performance.now();
          for (const point of points) {
            global.dispatchEvent(
              new global.MessageEvent('message', {
                data: { type: 'append', run, points: [point], blocks: null },
              }),
            );
          }
          return (performance.now() - start) / points.length;
        },
        { run: sixteen.run, points: long.slice(1400, 1420) },
      );
      assert.ok(milliseconds < 100, `an update took ${milliseconds.toFixed(1)} ms`);
    });
  });

  test('remembers its run for the serializer, and asks for another one', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      assert.deepEqual((await hostRecord(page)).state, { runId: grain.run.id });
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.deepEqual((await hostRecord(page)).posted.at(-1), {
        type: 'selectRun',
        id: 'digits-mean-seed4',
      });
      await send(page, { ...weightsShow(mean), choices: [{ id: mean.run.id, label: 'mean, 3' }] });
      assert.deepEqual((await hostRecord(page)).state, { runId: mean.run.id });
      assert.equal(
        await page
          .locator('vscode-dropdown')
          .evaluate((list) => (list as unknown as { value: string }).value),
        mean.run.id,
      );
      assert.deepEqual((await drawn(page, 'weights-area'))[0]?.data, areaOf(mean.points, 0));
      assert.deepEqual(
        (await hostRecord(page)).posted.filter(({ type }) => type === 'selectRun').length,
        1,
        'showing asks for nothing',
      );
    });
  });

  test('works by keyboard: legend, points of a chart, announcements', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain, 120));
      const canvas = page.locator('#weights-area');
      assert.match(
        (await canvas.getAttribute('aria-label')) ?? '',
        /^Weight of each group: largest now: micro-batch \d, 0\.\d+$/,
      );
      assert.equal(await canvas.getAttribute('role'), 'img');
      await canvas.focus();
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowLeft');
      const tooltip = await seenText(page.locator('.tooltip'));
      const point = grain.points[118]!;
      assert.match(tooltip, /^step 119\b/);
      for (const weight of point.weights)
        assert.ok(tooltip.includes(String(Number(weight!.toPrecision(6)))), tooltip);
      assert.match(await seenText(page.locator('[aria-live]')), /^step 119; micro-batch 1: /);
      await page.screenshot({
        path: path.join(screenshots, 'weights-tooltip.png'),
        caret: 'initial',
      });
      await page.locator('.figure-weights-area .legend button').nth(2).focus();
      await page.keyboard.press('Enter');
      assert.equal(
        await page
          .locator('.figure-weights-area .legend button')
          .nth(2)
          .getAttribute('aria-pressed'),
        'false',
      );
      assert.equal(await page.locator('.tooltip').isVisible(), false, 'hidden without focus');
      await send(page, weightsShow(grain));
      assert.equal(await isShown(page, 'weights-area', 2), false, 'hidden also when shown anew');
      assert.equal(await isShown(page, 'weights-area', 3), true);
    });
  });

  test('weights with a sum other than 1 are stacked up to it', async () => {
    const sums = cagrad.points.map(({ weights }) => weights.reduce<number>((a, b) => a + b!, 0));
    assert.ok(sums.at(-1)! > 1.5 && cagrad.points.every((p) => p.weights.every((w) => w! >= 0)));
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(cagrad));
      const { min, max, stacked } = await scaleOf(page, 'weights-area', 'left');
      assert.ok(stacked && min === 0 && max >= Math.max(...sums) - 0.5, `${min} to ${max}`);
      for (const [group, { data }] of (await drawn(page, 'weights-area')).entries()) {
        assert.deepEqual(data, areaOf(cagrad.points, group));
      }
      const note = await seenText(page.locator('.figure-weights-area .note'));
      assert.match(note, /need not sum to 1: the height of the stack is their sum, now 1\.75\./);
      await send(page, weightsShow(grain));
      assert.deepEqual(await scaleOf(page, 'weights-area', 'left'), {
        min: 0,
        max: 1,
        stacked: true,
      });
    });
  });

  test('negative weights are drawn below zero, as lines and as bars', async () => {
    const last = imtl.points.at(-1)!.weights as readonly number[];
    assert.ok(Math.min(...last) < 0, 'the engine gave a negative weight');
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(imtl));
      const area = await scaleOf(page, 'weights-area', 'left');
      const least = Math.min(...imtl.points.flatMap(({ weights }) => weights as number[]));
      assert.ok(!area.stacked && area.min <= least && area.max >= Math.max(...last));
      const bars = await scaleOf(page, 'weights-now', 'x');
      assert.ok(bars.min <= Math.min(...last) && bars.max > 0, `${bars.min} to ${bars.max}`);
      assert.deepEqual((await drawn(page, 'weights-now'))[0]?.data, last);
      assert.match(
        await seenText(page.locator('.figure-weights-area .note')),
        /^Some weights are negative, so each group is a line, not a layer\. Their sum need not be 1; now it is 1\.$/,
      );
    });
  });

  test('a direction without weights leaves a reason, not zeros', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(graddrop));
      for (const id of ['weights-area', 'weights-now', 'effective-groups']) {
        const figure = page.locator(`.figure-${id}`);
        assert.match(
          await seenText(figure),
          /No weights: the direction of graddrop is not a weighted sum of the groups’ gradients\.$/,
        );
        assert.equal(await page.locator(`#${id}`).isVisible(), false);
      }
      for (const { data } of await drawn(page, 'weights-area')) {
        assert.ok(data.length > 0 && data.every(({ y }) => y === null));
      }
      assert.match(
        (await page.locator('[aria-live]').textContent()) ?? '',
        /The latest step has no weights\.$/,
      );
      await send(page, weightsShow(grain));
      assert.ok(await page.locator('#weights-area').isVisible(), 'drawn again');
    });
  });

  test('weights of each block, with its share; walked with the arrow keys', async () => {
    const { blocks } = layerwise.blocksAt(119)!;
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(layerwise, 60));
      await mark(page, 'block-weights');
      await send(page, {
        type: 'append',
        run: layerwise.run,
        points: layerwise.points.slice(60),
        blocks: layerwise.blocksAt(119),
      });
      assert.ok(await isMarked(page, 'block-weights'));
      const [cells] = await drawn(page, 'block-weights');
      assert.equal(cells?.data.length, 6 * 8);
      for (const { x, y, v } of cells!.data) assert.equal(v, blocks[y!]!.weights[x]);
      assert.match(await seenText(page.locator('.figure-block-weights')), /step 120, 6 blocks/);
      await page.locator('#block-weights').focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      const spoken = await seenText(page.locator('[aria-live]'));
      assert.ok(spoken.startsWith('conv1/kernel · micro-batch 2; weight: '), spoken);
      assert.ok(spoken.includes(`${Number((100 * blocks[1]!.share!).toFixed(1))} %`), spoken);
      await page.getByText('Table of blocks').click();
      assert.match(
        await seenText(page.locator('details[open] tbody tr').first()),
        /^embedding\s+\d+(\.\d)? %\s/,
      );
      await send(page, weightsShow(grain));
      assert.equal(await page.locator('.figure-block-weights').isVisible(), false);
      assert.equal(await page.getByText('Table of blocks').isVisible(), false);
    });
  });

  test('says why there is nothing to show', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, { type: 'empty', reason: 'No run yet.' });
      assert.ok(await page.getByText('No run yet.').first().isVisible());
      assert.equal(await page.locator('main').isVisible(), false);
      await page.screenshot({
        path: path.join(screenshots, 'weights-empty.png'),
        caret: 'initial',
      });
      await send(page, weightsShow(grain));
      assert.ok(await page.locator('main').isVisible());
    });
  });

  test('follows a change of theme, on the same chart', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      await mark(page, 'weights-area');
      const colour = () =>
        page
          .locator('.figure-weights-area .line-swatch')
          .first()
          .evaluate((e) => (e as unknown as { style: { color: string } }).style.color);
      assert.equal(await colour(), 'rgb(89, 164, 249)', 'charts.blue of the dark theme');
      await setTheme(page, 'light');
      assert.equal(await colour(), 'rgb(0, 99, 211)', 'charts.blue of the light theme');
      assert.ok(await isMarked(page, 'weights-area'));
    });
  });
});

describe('conflict', () => {
  test('draws what it was sent, and appends', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(grain, 100));
      for (const id of ['min-cosine', 'conflict-matrix']) {
        await mark(page, id);
        await send(page, {
          type: 'append',
          run: grain.run,
          points: grain.points.slice(
            id === 'min-cosine' ? 100 : 150,
            id === 'min-cosine' ? 150 : 240,
          ),
          now: grain.matrixAt(id === 'min-cosine' ? 149 : 239),
        });
        assert.ok(await isMarked(page, id));
      }
      const { points } = grain;
      const [rate, meanRate] = await drawn(page, 'conflict-rate');
      assert.deepEqual(
        rate?.data,
        line(points, (p) => p.conflictRate),
      );
      assert.deepEqual(
        meanRate?.data,
        line(points, (p) => p.meanConflictRate),
      );
      assert.deepEqual(
        (await drawn(page, 'norm-ratio'))[0]?.data,
        line(points, (p) => p.normRatio),
      );
      assert.deepEqual(
        (await drawn(page, 'min-cosine'))[0]?.data,
        line(points, (p) => p.minCosine),
      );
      const { cosines } = grain.matrixAt(239)!;
      const [matrix] = await drawn(page, 'conflict-matrix');
      assert.equal(matrix?.data.length, 64);
      for (const { x, y, v } of matrix?.data ?? []) assert.equal(v, cosines[y!]![x]);
    });
  });

  /** What the certificate says, and in what tone. */
  async function certificateOf(page: Page) {
    const line = page.locator('.certificate');
    return {
      text: (await seenText(line)).replace(/\s+/g, ' '),
      tone: await line.locator('.badge').getAttribute('data-tone'),
      alarm: await line.evaluate((element) =>
        (element as unknown as { className: string }).className.includes('alarm'),
      ),
    };
  }

  test('a step that holds its guarantee is certified, with the gap of the shortest weights', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(updated));
      assert.ok(updated.points.every(({ guarantee }) => guarantee === 'held'));
      const against = updated.points.filter((p) => p.updateAgainst! > 0).length;
      assert.ok(against > 0, 'momentum conflicted with groups that the direction did not');
      const { text, tone, alarm } = await certificateOf(page);
      assert.match(
        text,
        /^certified This step conflicts with no group; gap (0|\de−\d+)\. All 240 steps certified\. /,
      );
      assert.ok(text.endsWith(`Actual updates: ${against} of 240 conflicted with a group.`), text);
      assert.deepEqual([tone, alarm], ['good', false]);
      assert.deepEqual(
        (await drawn(page, 'conflict-rate')).map(({ label, data }) => [label, data]),
        [
          ['pairs in conflict', line(updated.points, (p) => p.conflictRate)],
          ['groups in conflict with the mean', line(updated.points, (p) => p.meanConflictRate)],
          ['groups in conflict with the update', line(updated.points, (p) => p.updateAgainst)],
        ],
      );
    });
  });

  test('a violated guarantee is an alarm, with its groups and steps', async () => {
    const steps = broken.points.slice(0, brokenAt);
    const breaking = steps.filter(({ guarantee }) => guarantee === 'violated');
    assert.ok(breaking.length > 0, 'the mean, called grain, conflicted with groups');
    const groups = Math.round(8 * steps.at(-1)!.against!);
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(broken, brokenAt));
      const { text, tone, alarm } = await certificateOf(page);
      assert.ok(
        text.startsWith(
          `guarantee violated This step conflicts with ${groups} of 8 groups, although grain guarantees to conflict with none. ${breaking.length} of ${brokenAt} steps violated the guarantee.`,
        ),
        text,
      );
      assert.deepEqual([tone, alarm], ['bad', true]);
      const crosses = (await drawn(page, 'min-cosine'))[1]!;
      assert.equal(crosses.label, 'guarantee violated');
      assert.deepEqual(
        crosses.data.filter(({ y }) => y !== null),
        line(breaking, (p) => p.minCosine),
      );
      await send(page, {
        type: 'append',
        run: broken.run,
        points: broken.points.slice(brokenAt),
        now: broken.matrixAt(239),
      });
      assert.equal((await certificateOf(page)).alarm, true, 'it stays');
    });
  });

  for (const { name, fixture } of [
    { name: 'the mean', fixture: mean },
    { name: 'pcgrad', fixture: pcgrad },
  ]) {
    test(`${name} guarantees nothing: no certificate, no gap, no alarm, but which groups it conflicts with`, async () => {
      const against = fixture.points.filter((p) => p.against! > 0);
      assert.ok(against.length > 0);
      const worst = fixture.points.indexOf(against.at(-1)!);
      const groups = Math.round(8 * against.at(-1)!.against!);
      await withPanel('conflict', async ({ page }) => {
        await send(page, conflictShow(fixture, worst + 1));
        const { text, tone, alarm } = await certificateOf(page);
        const { aggregator } = fixture.run;
        assert.ok(
          text.startsWith(
            `no guarantee This step conflicts with ${groups} of 8 groups; ${aggregator} gives no guarantee. ${against.length} of ${worst + 1} steps conflicted with a group.`,
          ),
          text,
        );
        assert.doesNotMatch(text, /certified|gap/);
        assert.deepEqual([tone, alarm], ['outlined', false]);
        assert.equal((await drawn(page, 'min-cosine')).length, 1, 'no crosses');
        await page.locator('.data-table > summary').click();
        assert.doesNotMatch(await seenText(page.locator('thead').last()), /gap/);
      });
    });
  }

  test('a lost guarantee names its cause', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(smoothed));
      const { text, tone, alarm } = await certificateOf(page);
      assert.match(
        text,
        /^guarantee lost This step conflicts with .+ The guarantee of grain is lost: smoothing keeps 0\.9 of the previous step’s weights\. \d+ of 240 steps conflicted with a group\./,
      );
      assert.doesNotMatch(text, /certified|gap/);
      assert.deepEqual([tone, alarm], ['warning', false]);
    });
  });

  test('what streaming does not measure is a reason, not zeros', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(streaming));
      const { text, tone } = await certificateOf(page);
      assert.match(
        text,
        /^not measured Which groups this step conflicts with is unknown: gradients are computed one/,
      );
      assert.equal(tone, 'unknown');
      for (const id of ['min-cosine', 'conflict-matrix', 'conflict-rate', 'norm-ratio']) {
        assert.match(
          await seenText(page.locator(`.figure-${id}`)),
          /Not measured: gradients are computed one after another, so their inner products are unknown\.$/,
        );
        assert.equal(await page.locator(`#${id}`).isVisible(), false);
      }
      for (const { data } of await drawn(page, 'conflict-rate')) {
        assert.ok(data.length === 120 && data.every(({ y }) => y === null));
      }
      await send(page, conflictShow(grain));
      assert.ok(await page.locator('#min-cosine').isVisible(), 'drawn again');
    });
  });

  test('a direction that is zero is stationary', async () => {
    assert.ok(halted.points.at(-1)!.stationary);
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(halted));
      const { text, tone } = await certificateOf(page);
      assert.match(text, /^stationary The direction is zero to rounding: no direction improves/);
      assert.equal(tone, 'still');
    });
  });

  test('the method: title and metric at once, guarantee and reference on demand, by keyboard', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(preconditioned));
      const method = page.locator('.method');
      const { title, guarantee } = preconditioned.run.method!;
      const summary = (await seenText(method)).replace(/\s+/g, ' ');
      assert.equal(
        summary,
        `${title} guaranteed to conflict with no group · preconditioned metric`,
      );
      assert.match(
        (await certificateOf(page)).text,
        /conflicts with no group in the preconditioned metric/,
      );
      await method.locator('summary').focus();
      await page.keyboard.press('Enter');
      const details = await seenText(method);
      assert.ok(details.includes(guarantee), details);
      assert.match(details, /include the optimizer’s rescaling P of each coordinate/);
      assert.equal(
        await method.getByText('arXiv:2606.22917').getAttribute('href'),
        'https://arxiv.org/abs/2606.22917',
      );
      await page.screenshot({
        path: path.join(screenshots, 'conflict-method.png'),
        fullPage: true,
        caret: 'initial',
      });
      await send(page, conflictShow({ ...grain, run: { ...grain.run, method: null } }));
      assert.match(await seenText(method), /^grain guarantee unknown/);
    });
  });

  test('cosines that are not defined stay empty', async () => {
    await withPanel('conflict', async ({ page }) => {
      const now = {
        step: 1,
        groupNames: ['a', 'b'],
        cosines: [
          [1, null],
          [null, null],
        ],
      };
      await send(page, { ...conflictShow(grain), now });
      assert.deepEqual(
        (await drawn(page, 'conflict-matrix'))[0]?.data.map(({ v }) => v),
        [1, null, null, null],
      );
      await send(page, { ...conflictShow(grain), points: [], now: null });
      assert.equal((await drawn(page, 'conflict-matrix'))[0]?.data.length, 0);
      assert.match(await seenText(page.locator('.certificate')), /no step yet/);
    });
  });
});

describe('seed variance', () => {
  const running = seedFixture('loss', [0, 1, 2, 3, 4], [4]);

  test('mean, band and seeds of each aggregator; patched in place', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      await mark(page, 'metric-bands');
      const done = seedFixture('loss', [0, 1, 2, 3, 4]);
      await send(page, done);
      assert.ok(await isMarked(page, 'metric-bands'));
      const sets = await drawn(page, 'metric-bands');
      assert.equal(sets.length, 2 * (3 + 5));
      for (const { aggregator, seeds } of done.series) {
        const of = (label: string) => sets.find((set) => set.label === label)!.data;
        seeds.forEach(({ seed, runId, points }) => {
          assert.deepEqual(
            of(`${aggregator}: seed ${seed} (${runId})`),
            line(points, (p) => p.value),
          );
        });
        of(aggregator).forEach(({ x, y }, i) => {
          const values = seeds.map(({ points }) => points.find(({ step }) => step === x)!.value);
          const average = values.reduce((a, b) => a + b) / values.length;
          const std = sampleStandardDeviation(values);
          assert.ok(Math.abs(y! - average) < 1e-9);
          assert.ok(Math.abs(of(`${aggregator}: mean + std`)[i]!.y! - (average + std)) < 1e-9);
          assert.ok(Math.abs(of(`${aggregator}: mean − std`)[i]!.y! - (average - std)) < 1e-9);
        });
      }
      assert.deepEqual((await hostRecord(page)).state, {
        experimentId: 'digits-1',
        metric: 'loss',
      });
    });
  });

  test('line and points follow a change of theme', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, seedFixture('loss', [0]));
      const colours = () =>
        page.evaluate(() => {
          const { Chart, document } = globalThis as unknown as {
            Chart: { getChart(canvas: unknown): Drawing };
            document: { querySelector(selector: string): unknown };
          };
          interface Drawing {
            getDatasetMeta(place: number): { dataset: Element; data: readonly Element[] };
          }
          interface Element {
            readonly options: { readonly borderColor: string };
          }
          const { dataset, data } = Chart.getChart(
            document.querySelector('#metric-bands'),
          ).getDatasetMeta(0);
          return [dataset, ...data].map(({ options }) => options.borderColor);
        });
      const dark = new Set(await colours());
      await setTheme(page, 'light');
      const light = new Set(await colours());
      assert.deepEqual([dark.size, light.size], [1, 1]);
      assert.notDeepEqual(dark, light);
    });
  });

  test('the table of final values, and how uncertain few seeds are', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, seedFixture('loss', [0, 1, 2, 3, 4]));
      const rows = await page.locator('tbody').first().locator('tr').allInnerTexts();
      const { final } = seedFixture('loss', [0, 1, 2, 3, 4]).series[0]!;
      assert.match(rows[0]!, /^grain\s/);
      assert.ok(rows[0]!.includes(`\t${final!.std!.toPrecision(2)}\t`), rows[0]);
      assert.match(rows[0]!, /\t5$/);
      await page.getByText('at n = 5 is ×0.60 … ×2.87').waitFor();
      await send(page, seedFixture('loss', [0]));
      const single = await page.locator('tbody').first().locator('tr').allInnerTexts();
      assert.equal(single[0]!.split('\t')[2], '–', 'one seed has no spread');
      const sets = await drawn(page, 'metric-bands');
      assert.ok(
        sets.find(({ label }) => label === 'grain: mean + std')!.data.every(({ y }) => y === null),
      );
    });
  });

  test('fifteen aggregators are distinct, ranked, and one is highlighted by pointing', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, fifteen);
      const swatches = await page.locator('.legend .line-swatch').evaluateAll((all) =>
        all.map((swatch) => {
          const { color, backgroundImage } = (swatch as unknown as Swatch).style;
          return { color, look: `${color} ${backgroundImage}` };
        }),
      );
      assert.equal(new Set(swatches.map(({ look }) => look)).size, 15);
      assert.equal(new Set(swatches.map(({ color }) => color)).size, 15);
      const rows = page.locator('tbody').first().locator('tr');
      const means = (await rows.locator('td:nth-child(2)').allInnerTexts()).map(Number);
      assert.deepEqual(
        means,
        means.toSorted((a, b) => a - b),
      );
      const best = fifteen.series.toSorted((a, b) => a.final!.mean - b.final!.mean)[0]!;
      assert.ok((await seenText(rows.first())).startsWith(best.aggregator));
      await page.getByText('Best mean first: lower is better.').waitFor();
      const colourOf = () =>
        page.evaluate((label) => {
          const { Chart, document } = globalThis as unknown as ChartPage;
          const { datasets } = Chart.getChart(document.getElementById('metric-bands'))!.data;
          return datasets.find((set) => set.label === label)!.borderColor;
        }, 'mean');
      const before = await colourOf();
      await page.locator('.legend button').first().hover();
      assert.notEqual(await colourOf(), before, 'the others stand back');
      await page.mouse.move(0, 0);
      assert.equal(await colourOf(), before);
    });
  });

  test('metric and experiment are chosen from lists', async () => {
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, running);
      for (let i = 0; i < 2; i++) await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.deepEqual((await hostRecord(page)).posted.at(-1), {
        type: 'selectMetric',
        metric: 'worst group loss',
      });
      await send(page, seedFixture('worst group loss', [0, 1, 2, 3, 4], [4]));
      assert.deepEqual((await hostRecord(page)).state, {
        experimentId: 'digits-1',
        metric: 'worst group loss',
      });
      await page.getByText('Final worst group loss over finished seeds').waitFor();
    });
  });
});

describe('metrics view', () => {
  test('draws what it was sent, and appends', async () => {
    await withPanel(
      'metrics',
      async ({ page }) => {
        await send(page, metricsShow(grain, 150));
        await mark(page, 'loss');
        await send(page, {
          type: 'append',
          run: { ...grain.run, status: 'finished' },
          points: grain.points.slice(150),
          validation: grain.validation.filter(({ step }) => step > 150),
        });
        assert.ok(await isMarked(page, 'loss'));
        const [loss, metric] = await drawn(page, 'loss');
        assert.deepEqual(
          loss?.data,
          line(grain.points, (p) => p.loss),
        );
        assert.deepEqual(
          metric?.data,
          line(grain.validation, (p) => p.value),
        );
        assert.equal((await drawn(page, 'weights-area')).length, 8);
        assert.deepEqual(
          (await drawn(page, 'conflict-rate'))[0]?.data,
          line(grain.points, (p) => p.conflictRate),
        );
        assert.deepEqual(
          (await drawn(page, 'min-cosine'))[0]?.data,
          line(grain.points, (p) => p.minCosine),
        );
        assert.match(await seenText(page.locator('header')), /finished/);
      },
      { height: 220 },
    );
  });

  test('the first step, not yet a line, is drawn as a point', async () => {
    const canvases = ['loss', 'weights-area', 'conflict-rate', 'min-cosine'];
    await withPanel(
      'metrics',
      async ({ page }) => {
        await send(page, metricsShow(grain, 1));
        for (const id of canvases) assert.deepEqual(await radii(page, id, 0), [2], id);
        await page.screenshot({ path: path.join(screenshots, 'metrics-first-step.png') });
        const points = grain.points.slice(1, 3);
        await send(page, { type: 'append', run: grain.run, points, validation: [] });
        for (const id of canvases) assert.deepEqual(await radii(page, id, 0), [0, 0, 0], id);
      },
      { height: 220 },
    );
  });

  test('the state of the guarantee, in a few words', async () => {
    const count = broken.points.slice(0, brokenAt).filter((p) => p.guarantee === 'violated').length;
    const against = pcgrad.points.filter((p) => p.against! > 0).length;
    await withPanel(
      'metrics',
      async ({ page }) => {
        const now = page.locator('.figure-min-cosine .now');
        for (const [message, words] of [
          [metricsShow(grain), / · certified$/],
          [metricsShow(broken, brokenAt), new RegExp(`^guarantee violated × ${count}$`)],
          [metricsShow(pcgrad), new RegExp(`^${against} of 240 conflict$`)],
          [metricsShow(streaming), /^not measured$/],
        ] as const) {
          await send(page, message);
          assert.match(await seenText(now), words);
        }
        assert.match(
          await seenText(page.locator('.figure-conflict-rate')),
          /Not measured: gradients are computed one after another/,
        );
        await send(page, metricsShow(graddrop));
        assert.match(
          await seenText(page.locator('.figure-weights-area')),
          /No weights: d is not a weighted sum\.$/,
        );
      },
      { height: 220 },
    );
  });

  test('what a run costs, and relative to the mean run where there is one', async () => {
    await withPanel(
      'metrics',
      async ({ page }) => {
        const cost = page.locator('.cost');
        await send(page, metricsShow(grain));
        assert.equal(await cost.isVisible(), false);
        await send(page, costFixture(grain, ownCost, meanCost));
        // A step takes 96…102 ms, and so 99 ms in the median; 93…99 ms of the mean’s.
        assert.equal(
          await seenText(cost),
          'Cost: 99 ms per step, 1.03 × the mean’s, 4 % for aggregation (medians of 240 steps). Peak memory: tensors 82 MiB, 1.02 × the mean’s; process 287 MiB.',
        );
        await send(page, metricsShow(grain));
        assert.ok(await cost.isVisible(), 'the same run shown anew keeps its cost');
        await send(page, metricsShow(mean));
        assert.equal(await cost.isVisible(), false, 'another run has its own');
        await send(page, costFixture(mean, meanCost, null));
        assert.match(await seenText(cost), /^Cost: 96 ms per step, 1 % for aggregation/);
        await send(page, { ...costFixture(mean, meanCost, null), cost: null });
        assert.equal(await cost.isVisible(), false);
      },
      { height: 220 },
    );
  });

  test('its charts share one row of a short panel, unclipped, and the cost is below', async () => {
    await withPanel(
      'metrics',
      async ({ page }) => {
        await send(page, metricsShow(grain));
        await send(page, costFixture(grain, ownCost, meanCost));
        const boxes = await Promise.all(
          ['loss', 'weights-area', 'conflict-rate', 'min-cosine'].map((id) =>
            page.locator(`#${id}`).boundingBox(),
          ),
        );
        for (const box of boxes) {
          assert.ok(box && box.height >= 90, `${box?.height} px of chart`);
          assert.ok(box.y + box.height <= 220);
        }
        assert.equal(new Set(boxes.map((box) => Math.round(box!.y + box!.height))).size, 1);
        const cost = (await page.locator('.cost').boundingBox())!;
        assert.ok(cost.y + cost.height <= 220, 'seen without scrolling');
      },
      { height: 220 },
    );
  });
});

describe('looks', () => {
  const messages: readonly (readonly [string, PanelName, ...(readonly object[])])[] = [
    ['weights', 'weights', weightsShow(grain)],
    ['weights-16', 'weights', weightsShow(sixteen)],
    ['conflict-grain', 'conflict', conflictShow(grain)],
    ['conflict-mean', 'conflict', conflictShow(mean)],
    ['conflict-16', 'conflict', conflictShow(sixteen)],
    ['conflict-updates', 'conflict', conflictShow(updated)],
    ['conflict-broken', 'conflict', conflictShow(broken, brokenAt)],
    ['conflict-stationary', 'conflict', conflictShow(halted)],
    ['conflict-smoothed', 'conflict', conflictShow(smoothed)],
    ['conflict-preconditioned', 'conflict', conflictShow(preconditioned)],
    ['conflict-pcgrad', 'conflict', conflictShow(pcgrad)],
    ['conflict-streaming', 'conflict', conflictShow(streaming)],
    ['weights-cagrad', 'weights', weightsShow(cagrad)],
    ['weights-imtl-g', 'weights', weightsShow(imtl)],
    ['weights-layerwise', 'weights', weightsShow(layerwise)],
    ['weights-graddrop', 'weights', weightsShow(graddrop)],
    ['metrics-broken', 'metrics', metricsShow(broken, brokenAt)],
    ['metrics-pcgrad', 'metrics', metricsShow(pcgrad)],
    ['metrics-streaming', 'metrics', metricsShow(streaming)],
    ['metrics-graddrop', 'metrics', metricsShow(graddrop)],
    ['seed-variance-15', 'seedVariance', fifteen],
    ['seed-variance', 'seedVariance', seedFixture('loss', [0, 1, 2, 3, 4], [4])],
    ['metrics', 'metrics', metricsShow(mean)],
    ['metrics-cost', 'metrics', metricsShow(grain), costFixture(grain, ownCost, meanCost)],
  ];
  const themes = ['dark', 'light', 'highContrast', 'highContrastLight'] as const;
  const looks = themes.flatMap((theme) => [1000, 400].map((width) => ({ theme, width })));

  for (const [name, panel, ...sent] of messages) {
    test(`${name}: nothing overflows in any theme and width; screenshots`, async () => {
      const height = panel === 'metrics' ? 220 : 800;
      const look = async (page: Page, { theme, width }: (typeof looks)[number], what: string) => {
        await page.setViewportSize({ width, height });
        await setTheme(page, theme);
        await drawnAtSize(page);
        assert.ok((await overflow(page)) <= 0, `${what} is wider than ${width} px in ${theme}`);
      };
      await withPanel(
        panel,
        async ({ page }) => {
          for (const message of sent) await send(page, message);
          for (const { theme, width } of looks) {
            await look(page, { theme, width }, name);
            await page.screenshot({
              path: path.join(screenshots, `${name}-${theme}-${width}.png`),
              fullPage: panel !== 'metrics' || width === 400,
              caret: 'initial',
            });
          }
          await page.locator('.data-table > summary').first().click();
          await page.locator('details tbody tr').first().waitFor();
          for (const each of looks) await look(page, each, `${name} with its table`);
        },
        { height },
      );
    });
  }

  test('the axes of a chart follow a change of theme', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      const colours = () =>
        page.evaluate(() => {
          const { Chart, document } = globalThis as unknown as ChartPage;
          const { x } = Chart.getChart(document.getElementById('weights-area'))!.scales;
          const { ticks, title, border } = x!.options;
          return [ticks.color, title.color, border.color];
        });
      const dark = await colours();
      await setTheme(page, 'light');
      const light = await colours();
      for (const [i, colour] of light.entries()) assert.notEqual(colour, dark[i]);
    });
  });

  test('a chart follows the size of its panel', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      const width = async () => (await page.locator('#weights-area').boundingBox())!.width;
      const wide = await width();
      await page.setViewportSize({ width: 400, height: 800 });
      await drawnAtSize(page);
      assert.ok((await width()) < 400 && wide > 900);
      assert.ok((await overflow(page)) <= 0);
    });
  });
});
