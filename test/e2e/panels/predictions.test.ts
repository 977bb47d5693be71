/** The predictions panel on runs on disk, with the texts of their examples. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { PredictionsState } from '../../../src/extension/messages/predictions.ts';
import { PredictionsContent } from '../../../src/extension/panels/predictionsContent.ts';
import { experimentKey } from '../../../src/runs/identity.ts';
import { grainScript } from '../../built.ts';
import { type Task, writePredictionRuns } from '../../webview/predictionRuns.ts';
import { seriousIn } from './axe.ts';
import { drawn, drawnAtSize, hostRecord, seenText, setTheme, themeClasses } from './browser.ts';
import { ContentHost } from './contentHost.ts';
import { overflow, screenshots, withPanel } from './page.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-predictions-'));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

type Host = ContentHost<unknown, unknown>;

interface Shown {
  readonly examples?: number;
  readonly state?: PredictionsState;
  /** Called with the folder before the page is opened. */
  readonly prepare?: (folder: string) => void;
}

async function withPredictions(
  task: Task,
  use: (page: Page, host: Host) => Promise<void>,
  { examples, state, prepare }: Shown = {},
): Promise<void> {
  const folder = mkdtempSync(path.join(root, `${task}-`));
  const runs = await writePredictionRuns(folder, task, examples ? { examples } : {});
  prepare?.(folder);
  let id = experimentKey(runs[0]!);
  const content = new PredictionsContent({
    runs: { ready: Promise.resolve(), all: runs },
    grain: () => ({
      node: process.execPath,
      script: grainScript,
    }),
    experimentId: () => id,
    change: (next) => {
      id = next;
    },
    state,
    locale: 'en',
  });
  try {
    await withPanel('predictions', async ({ page }) => {
      const host: Host = new ContentHost<unknown, never>(page, content as never);
      await host.update(true);
      await use(page, host);
    });
  } finally {
    content.dispose();
  }
}

const rows = (page: Page) => page.locator('.examples tbody tr');
const count = (page: Page) => seenText(page.locator('.pager .count'));

describe('predictions', () => {
  test('classes: filter, sort, page, confusion by keys, details; the state is kept', async () => {
    await withPredictions('classification', async (page, host) => {
      assert.match(
        await seenText(page.locator('.counts')),
        /^120 validation examples: 25 \(20\.8 %\) wrong for some seed, 10 \(8\.3 %\) for all; the seeds differ on 25/,
      );
      assert.equal(await count(page), 'Examples 1 to 50 of 120');
      await page.getByRole('button', { name: 'Last page' }).click();
      await host.update();
      assert.equal(await count(page), 'Examples 101 to 120 of 120');

      await page.getByRole('combobox', { name: 'Show' }).selectOption('alwaysWrong');
      await host.update();
      assert.equal(await rows(page).count(), 10);
      for (const text of await rows(page).allTextContents()) assert.match(text, /0 of 3/);

      await page.getByRole('combobox', { name: 'Group' }).selectOption('letters');
      await host.update();
      assert.equal(await count(page), 'No example fits.');
      await page.getByRole('button', { name: 'Show all' }).click();
      await host.update();

      await page.getByRole('button', { name: 'row', exact: true }).click();
      await host.update();
      assert.match(
        (await rows(page).first().textContent()) ?? '',
        /^0catcat.*The cat number 0 sleeps/s,
      );
      const head = page.getByRole('columnheader', { name: 'row', exact: true });
      assert.equal(await head.getAttribute('aria-sort'), 'ascending');

      // From the first cell of the matrix with the keys, to cats predicted as dogs.
      const grid = page.getByRole('grid', { name: 'Confusion matrix' });
      await grid.locator('td[tabindex="0"]').focus();
      await page.keyboard.press('ArrowRight');
      const label = await page.locator(':focus').getAttribute('aria-label');
      const [, dogs] = /^target cat, predicted dog: (\d+) of 120$/.exec(label ?? '') ?? [];
      assert.ok(Number(dogs) > 0, label ?? '');
      await page.keyboard.press('Enter');
      await host.update();
      assert.equal(await page.locator(':focus').getAttribute('aria-selected'), 'true');
      for (const text of await rows(page).allTextContents()) assert.match(text, /cat.*dog/s);

      await rows(page).first().getByRole('button').press('Enter');
      await host.update();
      const detail = page.getByRole('region', { name: 'Example', exact: true });
      assert.match(await seenText(detail), /The cat number \d+ sleeps\..*seed.*✕/s);
      assert.equal(await detail.locator('tbody tr').count(), 3);
      const { state } = (await hostRecord(page)) as { state: PredictionsState };
      assert.deepEqual([state.look.target, state.look.prediction], ['cat', 'dog']);
      assert.equal(typeof state.example, 'number');
      await shoot(page, 'classes');
      await page.keyboard.press('Escape');
      await host.update();
      assert.equal(await detail.isVisible(), false);
    });
  });

  test('a page that is shown again looks at the same example', async () => {
    const look: PredictionsState['look'] = {
      ...{ aggregator: 'mean', seed: '1', only: 'wrong', target: null, prediction: null },
      ...{ group: null, sort: { by: 'index', descending: true }, page: 0 },
    };
    await withPredictions(
      'classification',
      async (page) => {
        assert.match(await seenText(page.locator('h1')), /mean · seed 1$/);
        assert.match((await rows(page).first().textContent()) ?? '', /^11[0-9]/);
        assert.match(await seenText(page.locator('.example')), /The horse number 5 sleeps/);
      },
      { state: { experimentId: '', look, example: 5 } },
    );
  });

  test('a data file that has changed: row numbers, and a sentence that says why', async () => {
    await withPredictions(
      'classification',
      async (page) => {
        assert.match(
          await seenText(page.locator('.examples .note')),
          /^The texts are not shown: .*dev\.jsonl has changed since the run began\.$/,
        );
        await rows(page).first().getByRole('button').click();
      },
      { prepare: (folder) => appendFileSync(path.join(folder, 'data/dev.jsonl'), '\n') },
    );
  });

  test('values: a scatter whose points open examples; many are squares that lose none', async () => {
    await withPredictions('regression', async (page, host) => {
      const [points] = await drawn(page, 'scatter');
      assert.equal(points!.data.length, 120);
      await page.locator('#scatter').focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('Enter');
      await host.update();
      assert.match(await seenText(page.locator('.example')), /is worth 0(\.0\d?)?\./);
      await shoot(page, 'values', ['dark', 'light']);
    });
    await withPredictions(
      'regression',
      async (page) => {
        const [points] = await drawn(page, 'scatter');
        assert.ok(points!.data.length < 4000);
        assert.match(await seenText(page.locator('.figure-scatter .now')), /6,000 examples/);
        await shoot(page, 'values-many', ['light']);
      },
      { examples: 6000 },
    );
  });

  test('answers: prompt, expected answer and that of each seed', async () => {
    await withPredictions('generation', async (page, host) => {
      assert.match((await rows(page).first().textContent()) ?? '', /0 of 3/);
      await rows(page).first().getByRole('button').click();
      await host.update();
      const text = await seenText(page.locator('.example'));
      assert.match(text, /Q: How much are\n5 and 1\? A:/);
      assert.match(text, /5 and 1 are 6\.\n#### 6/);
      assert.match(text, /Seed 2: ✕ wrong\s+Let me count, as seed 2\.\n#### 9/);
      await shoot(page, 'answers', ['dark', 'light']);
    });
  });
});

/** Nothing serious for axe-core and nothing wider than the page, in every theme unless only some are given; screenshots. */
async function shoot(
  page: Page,
  name: string,
  themes = Object.keys(themeClasses) as (keyof typeof themeClasses)[],
): Promise<void> {
  for (const theme of themes) {
    await setTheme(page, theme);
    assert.deepEqual(await seriousIn(page), [], theme);
    for (const width of [400, 1000]) {
      await page.setViewportSize({ width, height: 800 });
      await drawnAtSize(page);
      assert.ok((await overflow(page)) <= 0, `${name} is wider than ${width} px in ${theme}`);
      const file = `predictions-${name}-${theme}-${width}.png`;
      await page.screenshot({ path: path.join(screenshots, file), fullPage: true });
    }
  }
  await setTheme(page, 'dark');
}
