/** A run too long to draw each step of, read from disk through the index. With GRAIN_LONG_STEPS one of that length, and screenshots. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { conflictMessages } from '../../../src/extension/messages/conflict.ts';
import { metricsMessages } from '../../../src/extension/messages/metrics.ts';
import type { RunMessages } from '../../../src/extension/messages/run.ts';
import { weightsMessages } from '../../../src/extension/messages/weights.ts';
import { RunIndex } from '../../../src/runs/index/runIndex.ts';
import { ComparedView } from '../../webview/comparison.ts';
import { seedFixture } from '../../webview/fixtures.ts';
import { longRun, planted, writeLongRun } from '../../webview/longRun.ts';
import { drawn, drawnAtSize, type PanelName, send, setTheme } from './browser.ts';
import { ContentHost } from './contentHost.ts';
import { PanelHost } from './host.ts';
import { overflow, screenshots, withPanel } from './page.ts';

const { GRAIN_LONG_STEPS: asked } = process.env;
const STEPS = Number(asked ?? 20_000);
const { conflict: CONFLICT } = planted(STEPS);

const folder = mkdtempSync(path.join(tmpdir(), 'grain-long-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const run = longRun(path.join(folder, '.grain/runs/long'), STEPS);

async function withRun(
  panel: PanelName,
  messages: RunMessages<unknown, unknown>,
  use: (page: Page, host: PanelHost) => Promise<void>,
  height?: number,
): Promise<void> {
  await withPanel(
    panel,
    async ({ page }) => {
      const host = new PanelHost(page, run, messages);
      try {
        await host.update(true);
        await use(page, host);
      } finally {
        host.dispose();
      }
    },
    height ? { height } : {},
  );
}

/** In the width of a panel beside an editor; pictures of charts take longer than the tests. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 900, height: page.viewportSize()!.height });
  for (const theme of asked === undefined ? [] : (['dark', 'light'] as const)) {
    await setTheme(page, theme);
    await drawnAtSize(page);
    assert.ok((await overflow(page)) <= 0, `${name} is wider than the page`);
    const file = `${name}-${STEPS}-${theme}.png`;
    await page.screenshot({ path: path.join(screenshots, file), fullPage: true, caret: 'initial' });
  }
}

describe('a long run', () => {
  before(async () => {
    await writeLongRun(run);
    await RunIndex.use(run, async () => {});
  });

  test('the one step that conflicts is drawn and marked; zooming in shows it exactly', async () => {
    await withRun('conflict', conflictMessages, async (page, host) => {
      const marked = async () =>
        (await drawn(page, 'min-cosine'))
          .find(({ label }) => label === 'guarantee violated')!
          .data.filter(({ y }) => y !== null);
      const [cosines] = await drawn(page, 'min-cosine');
      assert.ok(cosines!.data.length < 3000, 'columns, not steps');
      const [mark, ...others] = await marked();
      assert.deepEqual(others, []);
      assert.ok(mark!.y! < 0);
      await shoot(page, 'long-conflict');
      await page.getByRole('spinbutton', { name: 'First step' }).fill(String(CONFLICT - 100));
      await page.getByRole('spinbutton', { name: 'Last step' }).fill(String(CONFLICT + 100));
      await page.keyboard.press('Enter');
      await host.update();
      const near = await drawn(page, 'min-cosine');
      const exact = near[0]!.data.find(({ x }) => x === CONFLICT);
      assert.ok(exact && exact.y! < 0, 'exact');
      assert.deepEqual(await marked(), [{ x: CONFLICT, y: exact.y }]);
      await shoot(page, 'long-conflict-zoomed');
    });
  });

  test('weights and metrics of the whole run', async () => {
    await withRun('weights', weightsMessages, (page) => shoot(page, 'long-weights'));
    await withRun(
      'metrics',
      metricsMessages,
      async (page) => {
        await page.locator('.more > summary').click();
        await shoot(page, 'long-metrics');
      },
      220,
    );
  });

  test('beside a shorter run, and at its scale in the seed variance', async () => {
    const shorter = longRun(path.join(folder, '.grain/runs/shorter'), Math.ceil(STEPS / 4), 1);
    await writeLongRun(shorter);
    await withPanel('compare', async ({ page }) => {
      const { content } = new ComparedView([run, shorter]);
      content.receive({ type: 'selectMetric', metric: 'training loss' });
      const host = new ContentHost(page, content);
      await host.update(true);
      const curves = await drawn(page, 'compared-curves');
      assert.ok(curves.every(({ data }) => data.length < 3000));
      await shoot(page, 'long-compare');
      content.dispose();
    });
    await withPanel('seedVariance', async ({ page }) => {
      await send(page, stretched(seedFixture('loss', [0, 1, 2, 3, 4], [4]), STEPS / 200));
      await shoot(page, 'long-seed-variance');
    });
  });
});

/** The message with its steps further apart. */
function stretched<T>(message: T, factor: number): T {
  const text = JSON.stringify(message, (key, value) =>
    key === 'step' ? Math.round(value * factor) : value,
  );
  return JSON.parse(text) as T;
}
