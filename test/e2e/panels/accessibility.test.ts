import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareShow } from '../../webview/comparison.ts';
import { seriousIn } from './axe.ts';
import { type PanelName, seenText, send, setTheme, themeClasses } from './browser.ts';
import { alarmed, conflictShow, crossedShow, grain, metricsShow, weightsShow } from './fixtures.ts';
import { withPanel } from './page.ts';

const panels: readonly (readonly [PanelName, object])[] = [
  ['weights', weightsShow(alarmed)],
  ['conflict', conflictShow(grain)],
  ['metrics', metricsShow(alarmed)],
  ['compare', await compareShow()],
  ['seedVariance', crossedShow()],
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

test('a "?" explains a figure and a column to the mouse, the keyboard and a screen reader', async () => {
  await withPanel('conflict', async ({ page }) => {
    await send(page, conflictShow(grain));
    const tips = page.getByRole('button', { name: 'What is “Cosines between groups”?' });
    const sentence = page.getByRole('note');
    await tips.focus();
    const description = await tips.evaluate((button: { getAttribute(name: string): string }) => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { textContent: string } };
      };
      return document.getElementById(button.getAttribute('aria-describedby')).textContent;
    });
    assert.match(description, /^Cosine of the angle between the gradients of two groups/);
    await page.keyboard.press('Enter');
    assert.equal(await seenText(sentence), description);
    await page.keyboard.press('Escape');
    await sentence.waitFor({ state: 'hidden' });
    await page.locator('.data-table > summary').click();
    await page.getByRole('button', { name: 'What is “relative gap”?' }).press('Enter');
    assert.match(await seenText(sentence), /0 is the exact solution\.$/);
  });
});
