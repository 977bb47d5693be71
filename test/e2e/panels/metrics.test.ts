import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { costFixture } from '../../webview/fixtures.ts';
import { type Drawn, drawn, drawnAtSize, seenText, send } from './browser.ts';
import {
  broken,
  brokenAt,
  fleeting,
  graddrop,
  grain,
  mean,
  meanCost,
  metricsAppend,
  metricsShow,
  ownCost,
  pcgrad,
  streaming,
} from './fixtures.ts';
import { type ChartPage, isMarked, line, mark, radii, screenshots, withPanel } from './page.ts';

describe('metrics view', () => {
  test('draws what it was sent, and appends', async () => {
    await withPanel(
      'metrics',
      async ({ page }) => {
        await send(page, metricsShow(grain, 150));
        await mark(page, 'loss');
        const rest = await metricsAppend(grain, 150, 240);
        await send(page, { ...rest, run: { ...grain.run, status: 'finished' } });
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
        await send(page, metricsAppend(grain, 1, 3));
        for (const id of canvases) assert.deepEqual(await radii(page, id, 0), [0, 0, 0], id);
      },
      { height: 220 },
    );
  });

  test('the state of the guarantee, in a few words', async () => {
    const count = broken.points.slice(0, brokenAt).filter((p) => p.guarantee === 'violated').length;
    const conflicting = pcgrad.points.filter((p) => p.conflictsWith! > 0).length;
    await withPanel(
      'metrics',
      async ({ page }) => {
        const now = page.locator('.figure-min-cosine .now');
        for (const [message, words] of [
          [metricsShow(grain), /\s+· direction certified$/],
          [metricsShow(broken, brokenAt), new RegExp(`^${count} violated\\s+· ${brokenAt} steps$`)],
          [metricsShow(pcgrad), new RegExp(`^${conflicting} conflict\\s+· 240 steps$`)],
          [metricsShow(streaming), /^$/],
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
          'Cost: 99.0 ms per step, 1.03 × the mean’s, 4.0 % for aggregation (medians of 240 steps). Peak memory: tensors 82.0 MiB, 1.02 × the mean’s; process 287 MiB.',
        );
        await send(page, metricsShow(grain));
        assert.ok(await cost.isVisible(), 'the same run shown anew keeps its cost');
        await send(page, metricsShow(mean));
        assert.equal(await cost.isVisible(), false, 'another run has its own');
        await send(page, costFixture(mean, meanCost, null));
        assert.match(await seenText(cost), /^Cost: 96\.0 ms per step, 1\.0 % for aggregation/);
        await send(page, { ...costFixture(mean, meanCost, null), cost: null });
        assert.equal(await cost.isVisible(), false);
      },
      { height: 220 },
    );
  });

  test('samples of the device, taken in some steps only, are points with a line from one to the next', async () => {
    const show = await metricsShow(grain);
    const { series, last } = show.steps;
    /** A sample in every 40th step. */
    const sampled = (of: (step: number) => number) => {
      const mean = last.map((step) => (step % 40 === 1 ? of(step) : Number.NaN));
      const known = mean.map((value) => Number(Number.isFinite(value)));
      return { min: mean, max: mean, mean, known, nonFinite: known.map(() => 0) };
    };
    const device = {
      processorUse: sampled((step) => 0.2 + step / 1000),
      deviceUse: sampled(() => 0.93),
      deviceMemory: sampled((step) => 2 ** 30 * (5 + step / 1000)),
    };
    const message = { ...show, steps: { ...show.steps, series: { ...series, ...device } } };
    await withPanel(
      'metrics',
      async ({ page }) => {
        await send(page, message);
        await page.locator('.more > summary').press('Enter');
        await drawnAtSize(page);
        const [processor, gpu] = await drawn(page, 'device-use');
        const points = ({ data }: Drawn) => data.filter(({ y }) => y !== null).map(({ x }) => x);
        assert.deepEqual(points(processor!), [1, 41, 81, 121, 161, 201]);
        assert.deepEqual(points(gpu!), points(processor!));
        assert.match(await seenText(page.locator('.figure-device-use')), /Device use.*93\.0 %/s);
        assert.match(await seenText(page.locator('.figure-memory')), /Memory.*5\.20 GiB/s);
        const spans = await page.evaluate(() => {
          const { Chart, document } = globalThis as unknown as ChartPage;
          const { datasets } = Chart.getChart(document.getElementById('device-use'))!.data;
          return datasets.map((set) => (set as { spanGaps?: boolean }).spanGaps);
        });
        assert.deepEqual(spans, [true, true]);
        await send(page, show);
        assert.match(await seenText(page.locator('.figure-device-use')), /Not logged\./);
      },
      { height: 400 },
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

  test('in a window of 900 px no legend scrolls, and no figure in a title is cut off', async () => {
    await withPanel('metrics', async ({ page }) => {
      for (const width of [1050, 900, 520]) {
        await page.setViewportSize({ width, height: 300 });
        for (const run of [fleeting, grain, broken, pcgrad]) {
          await send(page, metricsShow(run));
          await drawnAtSize(page);
          const cut = await page.evaluate(() => {
            const { document } = globalThis as unknown as {
              document: { querySelectorAll(selector: string): Iterable<Box> };
            };
            interface Box {
              readonly textContent: string;
              readonly scrollWidth: number;
              readonly clientWidth: number;
              readonly scrollHeight: number;
              readonly clientHeight: number;
            }
            const isOver = (box: Box) =>
              box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
            const legends = [
              ...document.querySelectorAll('.strip > .figure:not(.more *) .legend'),
            ].filter(isOver);
            // Further parts are left out whole.
            const figures = [
              ...document.querySelectorAll('.strip > .figure:not(.more *) .now span:first-child'),
            ].filter((box) => box.scrollWidth > box.clientWidth + 1);
            return [...legends, ...figures].map((box) => box.textContent);
          });
          assert.deepEqual(cut, [], `${width} px`);
          const { height } = (await page.locator('.run-title').boundingBox())!;
          assert.ok(
            width < 900 || height < 40,
            `${width} px: a title of one line, not ${height} px`,
          );
        }
      }
      const legend = page.locator('.figure-weights-area .legend');
      await send(page, metricsShow(fleeting));
      await legend.getByRole('button', { name: 'quartiles' }).click();
      const shown = await page.evaluate(() => {
        const { Chart, document } = globalThis as unknown as ChartPage;
        const chart = Chart.getChart(document.getElementById('weights-area'))!;
        return chart.data.datasets.map(({ label }, i) => [label, chart.isDatasetVisible(i)]);
      });
      assert.deepEqual(
        shown.filter(([, isVisible]) => !isVisible).map(([label]) => label),
        ['upper quartile', 'lower quartile'],
      );
    });
  });
});
