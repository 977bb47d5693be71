import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareShow } from '../../webview/comparison.ts';
import { seedFixture } from '../../webview/fixtures.ts';
import { seriousIn } from './axe.ts';
import { type PanelName, send, setTheme, themeClasses } from './browser.ts';
import { alarmed, conflictShow, grain, metricsShow, weightsShow } from './fixtures.ts';
import { withPanel } from './page.ts';

const panels: readonly (readonly [PanelName, object])[] = [
  ['weights', weightsShow(alarmed)],
  ['conflict', conflictShow(grain)],
  ['metrics', metricsShow(alarmed)],
  ['compare', await compareShow()],
  ['seedVariance', seedFixture('loss', [0, 1, 2, 3, 4], [4])],
];

describe('axe-core', () => {
  for (const [panel, message] of panels) {
    test(`finds nothing serious in ${panel}, in any theme`, async () => {
      await withPanel(panel, async ({ page }) => {
        await send(page, message);
        for (const theme of Object.keys(themeClasses) as (keyof typeof themeClasses)[]) {
          await setTheme(page, theme);
          assert.deepEqual(await seriousIn(page), [], theme);
        }
      });
    });
  }
});
