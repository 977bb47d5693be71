import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { quantileSorted } from 'simple-statistics';
import type { WeightsPoint } from '../../../src/extension/messages/points.ts';
import { drawn, hostRecord, processorMilliseconds, seenText, send, setTheme } from './browser.ts';
import {
  cagrad,
  fleeting,
  graddrop,
  grain,
  imtl,
  layerwise,
  long,
  mean,
  sixteen,
  weightsAppend,
  weightsShow,
  wide,
} from './fixtures.ts';
import {
  areaOf,
  type ChartPage,
  isMarked,
  isShown,
  line,
  mark,
  scaleOf,
  screenshots,
  withPanel,
} from './page.ts';

const WHOLE = { from: null, to: null, unit: 'step', smoothing: 0, axes: {} };

describe('weights', () => {
  test('a group that is absent from some steps has edges, no wedges', async () => {
    await withPanel('weights', async ({ page }) => {
      const edges = () =>
        page.evaluate(() => {
          const { Chart, document } = globalThis as unknown as ChartPage;
          const { datasets } = Chart.getChart(document.getElementById('weights-area'))!.data;
          return datasets.map((set) => (set as { stepped?: unknown }).stepped);
        });
      await send(page, weightsShow(grain));
      assert.deepEqual([...new Set(await edges())], [false]);
      await send(page, weightsShow(sixteen));
      assert.deepEqual([...new Set(await edges())], ['middle']);
    });
  });

  test('draws what it was sent, and appends to the same chart', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain, 200));
      await mark(page, 'weights-area');
      const expectLines = async (points: readonly WeightsPoint[]) => {
        const area = await drawn(page, 'weights-area');
        assert.deepEqual(
          area.map(({ label }) => label),
          grain.groups.names,
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
        await send(page, weightsAppend(grain, i, i + 8));
        await expectLines(grain.points.slice(0, i + 8));
      }
      assert.ok(await isMarked(page, 'weights-area'), 'neither chart nor data array was made anew');
      const title = page.locator('[data-run-id]');
      assert.equal(await title.getAttribute('data-run-id'), grain.run.id);
      assert.match(await seenText(title), /digits · grain · seed 3\s+running\s+step 240 \/ 480/);
    });
  });

  test('groups made anew in each step have no stack: order statistics and sorted weights', async () => {
    const statistic = (share: number) => (step: WeightsPoint) => {
      const sorted = (step.weights as number[]).toSorted((a, b) => a - b);
      return quantileSorted(sorted, share);
    };
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(fleeting, 200));
      await send(page, weightsAppend(fleeting, 200, 240));
      const lines = await drawn(page, 'weights-area');
      const shares = { largest: 1, 'upper quartile': 0.75, median: 0.5, 'lower quartile': 0.25 };
      for (const [label, share] of Object.entries({ ...shares, smallest: 0 })) {
        const { data } = lines.find((of) => of.label === label)!;
        assert.deepEqual(data, line(fleeting.points, statistic(share)), label);
      }
      const zeros = ({ weights }: WeightsPoint) => weights.filter((weight) => weight === 0).length;
      assert.deepEqual(
        lines.find(({ label }) => label === 'groups without weight')?.data,
        line(fleeting.points, (step) => zeros(step) / 8),
      );
      assert.ok(fleeting.points.some((step) => zeros(step) > 0));
      const [cells] = await drawn(page, 'sorted-weights');
      assert.equal(cells?.data.length, 120 * 8);
      for (const { x, y, v } of cells!.data) {
        const { weights } = fleeting.points[x - 1]!;
        assert.equal(v, (weights as number[]).toSorted((a, b) => b - a)[y!]);
      }
      assert.match(
        await seenText(page.locator('.figure-sorted-weights')),
        /One step in 2 is drawn/,
      );
      await send(page, weightsShow(grain));
      assert.equal(await page.locator('.figure-sorted-weights').isVisible(), false);
      assert.equal((await drawn(page, 'weights-area'))[0]?.label, 'source 1');
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
      await send(page, weightsShow(long, 4400));
      for (let i = 4400; i < 5000; i += 150) await send(page, weightsAppend(long, i, i + 150));
      for (const { data } of await drawn(page, 'weights-area')) {
        assert.ok(data.length <= 120 && data.length > 60, `${data.length} points`);
        assert.equal(data.at(-1)?.x, 5000);
      }
      const [effective] = await drawn(page, 'effective-groups');
      for (const [i, { x, y }] of effective!.data.entries()) {
        const of = long.points.slice(5 * i, 5 * i + 5);
        const mean = of.reduce((sum, { effectiveGroups }) => sum + effectiveGroups!, 0) / of.length;
        assert.equal(x, of.at(-1)?.step);
        assert.ok(Math.abs(y! - mean) < 1e-9);
      }
      await page.getByText('Line: mean of 5 steps; behind it, their range.').waitFor();
      await page.getByText('Each point is the mean of 80 steps.').waitFor();
    });
  });

  test('keeps up with ten updates a second of sixteen groups at full length', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(wide, 1400));
      const messages = Array.from({ length: 20 }, (_, i) =>
        weightsAppend(wide, 1400 + i, 1401 + i),
      );
      const before = await processorMilliseconds(page);
      for (const message of messages) await send(page, message);
      const milliseconds = ((await processorMilliseconds(page)) - before) / messages.length;
      assert.ok(milliseconds < 100, `an update took ${milliseconds.toFixed(1)} ms`);
    });
  });

  test('remembers its run for the serializer, and asks for another one', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      assert.deepEqual((await hostRecord(page)).state, { runId: grain.run.id, view: WHOLE });
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.deepEqual((await hostRecord(page)).posted.at(-1), {
        type: 'selectRun',
        id: 'digits-mean-seed4',
      });
      await send(page, {
        ...(await weightsShow(mean)),
        choices: [{ id: mean.run.id, label: 'mean, 3' }],
      });
      assert.deepEqual((await hostRecord(page)).state, { runId: mean.run.id, view: WHOLE });
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
        /^Weight of each group: largest now: source \d, 0\.\d+$/,
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
      assert.match(await seenText(page.locator('[aria-live]')), /^step 119; source 1: /);
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
      await send(page, weightsAppend(layerwise, 60, 120));
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
      assert.ok(spoken.startsWith('conv1/kernel · source 2; weight: '), spoken);
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
