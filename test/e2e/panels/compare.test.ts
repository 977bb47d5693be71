import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareShow } from '../../webview/comparison.ts';
import { drawn, hostRecord, send } from './browser.ts';
import { isMarked, mark, scaleOf, withPanel } from './page.ts';

describe('compare', () => {
  test('a group’s mean, band and runs are drawn; patched in place', async () => {
    await withPanel('compare', async ({ page }) => {
      const message = await compareShow();
      await send(page, message);
      const sets = await drawn(page, 'compared-curves');
      const [group] = message.groups;
      const mean = sets.find(({ label }) => label === group!.aggregator)!;
      assert.deepEqual(
        mean.data.map(({ x, y }) => [x, y]),
        group!.band.map(({ step, mean }) => [step, mean]),
      );
      assert.equal(sets.length, 4 * 3 + 12);
      await mark(page, 'compared-curves');
      await send(page, message);
      assert.ok(await isMarked(page, 'compared-curves'));
    });
  });

  test('the table of runs is sorted by any column and filtered, by keyboard, and keeps both', async () => {
    await withPanel('compare', async ({ page }) => {
      const message = await compareShow();
      await send(page, message);
      const table = page.getByRole('region', { name: 'Results of runs' });
      const column = async (place: number) =>
        (await table.locator(`tbody td:nth-child(${place})`).allInnerTexts()).map(Number);
      const losses = await column(5);
      assert.equal(losses.length, 12);
      const title = table.getByRole('button', { name: 'loss', exact: true });
      await title.focus();
      await page.keyboard.press('Enter');
      assert.deepEqual(
        await column(5),
        losses.toSorted((a, b) => a - b),
      );
      await page.keyboard.press('Enter');
      assert.deepEqual(
        await column(5),
        losses.toSorted((a, b) => b - a),
      );
      assert.equal(await table.locator('[aria-sort=descending]').count(), 1);
      await page.getByRole('searchbox', { name: 'Filter results of runs' }).fill('mean 0.003');
      assert.deepEqual(await table.locator('tbody tr').count(), 3);
      await page.getByText('3 of 12').waitFor();
      const state = (await hostRecord(page)).state as Record<string, unknown>;
      assert.deepEqual(state.runs, { sortedBy: 'loss', isDescending: true, filter: 'mean 0.003' });
      assert.deepEqual(state.folders, message.folders);
    });
  });

  test('metric, groups and baseline are chosen from lists', async () => {
    await withPanel('compare', async ({ page }) => {
      const message = await compareShow();
      await send(page, message);
      const choose = async (list: string, steps: number) => {
        await page.getByRole('combobox', { name: list, exact: true }).focus();
        await page.keyboard.press('Enter');
        for (let i = 0; i < steps; i++) await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        return (await hostRecord(page)).posted.at(-1);
      };
      const { metrics, groups } = message;
      assert.deepEqual(await choose('Metric', 1), { type: 'selectMetric', metric: metrics[1] });
      assert.deepEqual(await choose('Baseline', 2), { type: 'pin', baseline: groups[1]!.key });
      const asked = await choose('and by', 1);
      assert.equal(asked?.type, 'groupBy');
      await send(page, await compareShow({ type: 'pin', baseline: groups[1]!.key }));
      const table = page.getByRole('region', { name: 'Results of groups' });
      await table.getByRole('columnheader', { name: 'Δ to baseline' }).waitFor();
      const pairs = await table.locator('tbody td:last-child').allInnerTexts();
      assert.deepEqual(pairs, ['3', '–', '3', '2']);
    });
  });

  test('zoomed, the page asks for the steps that it shows, in as many columns as it has pixels', async () => {
    await withPanel('compare', async ({ page }) => {
      const training = { type: 'selectMetric', metric: 'training loss' } as const;
      await send(page, await compareShow(training));
      await page.locator('#compared-curves').focus();
      await page.keyboard.press('+');
      const asked = (await hostRecord(page)).posted.at(-1);
      assert.deepEqual(asked, { type: 'window', from: 50, to: 150, columns: 1000 });
      const scale = await scaleOf(page, 'compared-curves', 'x');
      assert.deepEqual([scale.min, scale.max], [50, 150]);
    });
  });

  test('the axis counts time where the user wants it, and is zoomed in seconds', async () => {
    await withPanel('compare', async ({ page }) => {
      await send(page, await compareShow());
      const list = page.getByRole('combobox', { name: 'Horizontal axis' });
      assert.ok(await list.getByRole('option', { name: 'Epochs' }).isDisabled());
      await list.selectOption('Time without pauses');
      assert.deepEqual((await hostRecord(page)).posted.at(-1), { type: 'count', unit: 'time' });
      const message = await compareShow({ type: 'count', unit: 'time' });
      await send(page, message);
      const [group] = message.groups;
      const sets = await drawn(page, 'compared-curves');
      const mean = sets.find(({ label }) => label === group!.aggregator)!;
      assert.deepEqual(
        mean.data.map(({ x }) => x.toFixed(6)),
        group!.band.map(({ at }) => (at! / 1000).toFixed(6)),
      );
      const scale = await scaleOf(page, 'compared-curves', 'x');
      assert.deepEqual([scale.min, scale.max], [0, 3.98]);
      await page.getByRole('spinbutton', { name: 'From' }).fill('1');
      await page.getByRole('spinbutton', { name: 'To' }).fill('2.5');
      await page.keyboard.press('Enter');
      const asked = (await hostRecord(page)).posted.at(-1);
      assert.deepEqual(asked, { type: 'window', from: 1000, to: 2500, columns: 1000 });
      assert.equal(((await hostRecord(page)).state as { unit: string }).unit, 'time');
    });
  });
});
