import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { PanelName } from './browser.ts';
import { send } from './browser.ts';
import { alarmed, conflictShow, grain, metricsShow, weightsShow } from './fixtures.ts';
import { type ChartPage, withPanel } from './page.ts';

const panels: readonly (readonly [PanelName, string, (count?: number) => object])[] = [
  ['weights', 'effective-groups', (count) => weightsShow(alarmed, count)],
  ['conflict', 'norm-ratio', (count) => conflictShow(alarmed, count)],
  ['metrics', 'loss', (count) => metricsShow(alarmed, count)],
];

describe('alarms', () => {
  for (const [panel, canvas, shown] of panels) {
    test(`${panel}: sentence, badge and a mark at the step`, async () => {
      await withPanel(panel, async ({ page }) => {
        await send(page, shown(150));
        const alarms = page.locator('.alarms');
        const badge = page.locator('.run-name .badge');
        // The spike is over by then, but the panel cannot know more than it was sent.
        assert.match((await alarms.textContent()) ?? '', /1 past alarm|A past alarm/);
        assert.equal(await badge.textContent(), 'running');

        await send(page, shown());
        await alarms.getByText('Training stands still').waitFor();
        assert.match(
          (await alarms.locator('ul').first().textContent()) ?? '',
          /^Alarm, step 180: /,
        );
        assert.equal(await badge.textContent(), 'running, with an alarm');
        assert.equal(await badge.getAttribute('data-tone'), 'warning');
        assert.equal(await alarms.locator('[role=alert] li').count(), 1);
        const [spike, stall, calm] = await coloursAt(page, canvas, [60, 180, 120]);
        assert.equal(spike, stall);
        assert.notEqual(stall, calm);
        await alarms.locator('summary').focus();
        await page.keyboard.press('Enter');
        await alarms.getByText('Alarm, steps 60 to 72:').waitFor();
      });
    });
  }

  test('no green badge over a run with an alarm', async () => {
    await withPanel('conflict', async ({ page }) => {
      const badge = page.locator('.certificate-badge .badge');
      await send(page, conflictShow(grain));
      assert.equal(await badge.getAttribute('data-tone'), 'good');
      await send(page, conflictShow(alarmed));
      assert.equal(await badge.getAttribute('data-tone'), 'outlined');
      assert.equal(await page.locator('.badge[data-tone=good]').count(), 0);
    });
  });

  test('a healthy run shows none, and none is left of the run before', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(alarmed));
      await page.locator('.alarms').getByText('Training stands still').waitFor();
      const spoken = (await page.locator('[role=status]').textContent()) ?? '';
      assert.match(spoken, /, running, with an alarm, step 240.*Alarm: Training stands still/);
      await send(page, weightsShow(grain));
      assert.equal(await page.locator('.alarms').isHidden(), true);
    });
  });
});

/** Colours of the pixels at the top of a chart, at some steps. */
async function coloursAt(page: Page, id: string, steps: readonly number[]): Promise<string[]> {
  return page.evaluate(
    ([canvasId, wanted]) => {
      const global = globalThis as unknown as ChartPage;
      const canvas = global.document.getElementById(canvasId) as {
        readonly width: number;
        readonly clientWidth: number;
        getContext(kind: '2d'): {
          getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
        };
      };
      const { x, left } = (
        global.Chart.getChart(canvas) as unknown as {
          scales: Record<string, { top: number; getPixelForValue(value: number): number }>;
        }
      ).scales;
      const ratio = canvas.width / canvas.clientWidth;
      const top = Math.round((left!.top + 2) * ratio);
      const { data } = canvas.getContext('2d').getImageData(0, top, canvas.width, 1);
      return wanted.map((step) => {
        const at = 4 * Math.round(x!.getPixelForValue(step) * ratio);
        return data.slice(at, at + 3).join(' ');
      });
    },
    [id, steps] as const,
  );
}
