import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { compareShow } from '../../webview/comparison.ts';
import { seedFixture } from '../../webview/fixtures.ts';
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
        await page.evaluate(
          await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8'),
        );
        for (const theme of Object.keys(themeClasses) as (keyof typeof themeClasses)[]) {
          await setTheme(page, theme);
          assert.deepEqual(await seriousIn(page), [], theme);
        }
      });
    });
  }
});

/** "rule: elements": what axe-core calls serious or critical. */
async function seriousIn(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(async () => {
    const { axe, document } = globalThis as unknown as {
      axe: { run(context: unknown): Promise<AxeResults> };
      document: unknown;
    };
    return axe.run(document);
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
    );
}
