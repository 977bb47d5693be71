import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { compareShow } from '../../webview/comparison.ts';
import { costFixture } from '../../webview/fixtures.ts';
import { drawnAtSize, type PanelName, send, setTheme } from './browser.ts';
import {
  alarmed,
  broken,
  brokenAt,
  cagrad,
  conflictShow,
  crossedShow,
  fifteen,
  fleeting,
  graddrop,
  grain,
  halted,
  imtl,
  layerwise,
  mean,
  meanCost,
  metricsShow,
  ownCost,
  pcgrad,
  preconditioned,
  sixteen,
  smoothed,
  streaming,
  updated,
  weightsShow,
} from './fixtures.ts';
import { type ChartPage, overflow, screenshots, withPanel } from './page.ts';

const { groups } = await compareShow();
/** With a baseline: all columns are there. */
const compared = await compareShow({ type: 'pin', baseline: groups[1]!.key });

describe('looks', () => {
  const messages: readonly (readonly [string, PanelName, ...(readonly object[])])[] = [
    ['weights', 'weights', weightsShow(grain)],
    ['weights-fleeting', 'weights', weightsShow(fleeting)],
    ['metrics-fleeting', 'metrics', metricsShow(fleeting)],
    ['weights-alarm', 'weights', weightsShow(alarmed)],
    ['conflict-alarm', 'conflict', conflictShow(alarmed)],
    ['metrics-alarm', 'metrics', metricsShow(alarmed)],
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
    ['conflict-layerwise', 'conflict', conflictShow(layerwise)],
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
    ['seed-variance', 'seedVariance', crossedShow()],
    ['compare', 'compare', compared],
    ['metrics', 'metrics', metricsShow(mean)],
    ['metrics-cost', 'metrics', metricsShow(grain), costFixture(grain, ownCost, meanCost)],
  ];
  const themes = ['dark', 'light', 'highContrast', 'highContrastLight'] as const;
  /** A theme changes colours, not sizes: each is looked at once, and every width in one of them. */
  const widths = [1440, 900, 400].map((width) => ({ theme: 'dark' as const, width }));
  const looks = [...widths, ...themes.slice(1).map((theme) => ({ theme, width: 1440 }))];

  for (const [name, panel, ...sent] of messages) {
    test(`${name}: nothing overflows at any width; screenshots in every theme`, async () => {
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
          if (panel === 'compare') return;
          await page.locator('.data-table > summary').first().click();
          await page.locator('details tbody tr').first().waitFor();
          for (const each of widths) await look(page, each, `${name} with its table`);
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
