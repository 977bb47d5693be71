import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { FileRequest } from '../../../src/extension/messages/files.ts';
import { drawn, drawnAtSize, hostRecord, seenText, send } from './browser.ts';
import { conflictShow, fleeting, grain, layerwise, metricsShow, weightsShow } from './fixtures.ts';
import { isMarked, line, mark, scaleOf, screenshots, withPanel } from './page.ts';

/** The last request of the page for steps. */
async function lastWindow(page: Page) {
  const { posted } = await hostRecord(page);
  return posted.findLast(({ type }) => type === 'window');
}

/** What the page asked the host to save or to put on the clipboard. */
async function filesOf(page: Page): Promise<FileRequest[]> {
  const { posted } = await hostRecord(page);
  return posted.filter(
    ({ type }) => type === 'save' || type === 'copy',
  ) as unknown as FileRequest[];
}

async function viewOf(page: Page) {
  const { state } = await hostRecord(page);
  return (state as { readonly view: Readonly<Record<string, unknown>> }).view;
}

/** Drags over a chart from one share of its width to another. */
async function drag(page: Page, id: string, from: number, to: number): Promise<void> {
  await page.locator(`#${id}`).scrollIntoViewIfNeeded();
  const box = (await page.locator(`#${id}`).boundingBox())!;
  const at = (share: number) => [box.x + share * box.width, box.y + box.height / 2] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at((from + to) / 2), { steps: 3 });
  await page.mouse.move(...at(to), { steps: 3 });
  await page.mouse.up();
}

async function chooseIn(page: Page, figure: string, name: string): Promise<void> {
  await page.locator(`.figure-${figure} .menu-button`).click();
  await page.locator(`.figure-${figure} .menu`).getByText(name, { exact: true }).click();
}

describe('charts over steps', () => {
  test('dragging zooms all charts of a panel, and asks for these steps; a double click resets', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(grain));
      await mark(page, 'min-cosine');
      await drag(page, 'min-cosine', 0.4, 0.6);
      const { from, to } = (await lastWindow(page)) as unknown as { from: number; to: number };
      assert.ok(from > 70 && from < 110 && to > 120 && to < 160, `${from} to ${to}`);
      for (const id of ['min-cosine', 'conflict-rate', 'norm-ratio']) {
        const { min, max } = await scaleOf(page, id, 'x');
        assert.deepEqual([min, max], [from, to], id);
      }
      assert.deepEqual(await viewOf(page), {
        ...{ from, to, unit: 'step', smoothing: 0, axes: {} },
      });
      await page.keyboard.down('Shift');
      await drag(page, 'norm-ratio', 0.4, 0.6);
      await page.keyboard.up('Shift');
      const earlier = await scaleOf(page, 'min-cosine', 'x');
      assert.ok(earlier.min < from && Math.abs(earlier.max - earlier.min - (to - from)) <= 1);
      await page.locator('#conflict-rate').dblclick();
      const whole = await scaleOf(page, 'min-cosine', 'x');
      assert.deepEqual([whole.min, whole.max], [0, 240]);
      assert.deepEqual([(await viewOf(page)).from, (await viewOf(page)).to], [null, null]);
      assert.ok(await isMarked(page, 'min-cosine'));
    });
  });

  test('keys and buttons zoom, move and reset; limits by hand', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      const range = async () => {
        const { min, max } = await scaleOf(page, 'effective-groups', 'x');
        return [min, max];
      };
      await page.locator('#effective-groups').focus();
      await page.keyboard.press('+');
      assert.deepEqual(await range(), [60, 180]);
      await page.keyboard.press('Shift+ArrowRight');
      assert.deepEqual(await range(), [90, 210]);
      await page.keyboard.press('-');
      assert.deepEqual(await range(), [0, 240]);
      await page.getByRole('button', { name: 'Zoom in' }).click();
      await page.getByRole('button', { name: 'Earlier steps' }).click();
      assert.deepEqual(await range(), [0, 120]);
      await page.keyboard.press('0');
      await page.getByRole('button', { name: 'Show all steps' }).click();
      assert.deepEqual(await range(), [0, 240]);
      assert.ok(await page.getByRole('button', { name: 'Show all steps' }).isDisabled());
      await page.getByRole('spinbutton', { name: 'First step' }).fill('100');
      await page.getByRole('spinbutton', { name: 'First step' }).press('Enter');
      assert.deepEqual(await range(), [100, 240]);
    });
  });

  test('the pointer marks its step in all charts, with their values', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(grain));
      await page.locator('#min-cosine').hover({ position: { x: 400, y: 60 } });
      const [, step = ''] = /^step (\d+)/.exec(await seenText(page.locator('.tooltip')))!;
      const ratio = grain.points[Number(step) - 1]!.normRatio!;
      assert.equal(
        await seenText(page.locator('.figure-norm-ratio .pointed')),
        `step ${step}: ${Number(ratio.toPrecision(6))}`,
      );
      assert.match(
        await seenText(page.locator('.figure-conflict-rate .pointed')),
        new RegExp(`^step ${step}: pairs in conflict `),
      );
      await page.screenshot({ path: path.join(screenshots, 'charts-pointer.png') });
      await page.mouse.move(2, 2);
      assert.equal(await page.locator('.figure-norm-ratio .pointed').isVisible(), false);
    });
  });

  test('smoothing is debiased, the raw line stays behind; the axis counts examples or time', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      await page.getByRole('slider').fill('0.9');
      const [smooth] = await drawn(page, 'effective-groups');
      let [sum, weight] = [0, 1];
      for (const [i, { effectiveGroups }] of grain.points.entries()) {
        sum = 0.9 * sum + 0.1 * effectiveGroups!;
        weight *= 0.9;
        assert.ok(Math.abs(smooth!.data[i]!.y! - sum / (1 - weight)) < 1e-9);
      }
      await page.screenshot({ path: path.join(screenshots, 'charts-smoothed.png') });
      await page.getByRole('slider').fill('0');
      assert.deepEqual(
        (await drawn(page, 'effective-groups'))[0]?.data,
        line(grain.points, (p) => p.effectiveGroups),
      );
      const { steps } = await weightsShow(grain);
      await page.getByRole('combobox', { name: 'Horizontal axis' }).selectOption('Examples');
      assert.equal(
        (await drawn(page, 'effective-groups'))[0]?.data.at(-1)?.x,
        steps.examples.at(-1),
      );
      await page
        .getByRole('combobox', { name: 'Horizontal axis' })
        .selectOption('Time without pauses');
      const { x } = (await drawn(page, 'effective-groups'))[0]!.data.at(-1)!;
      assert.ok(Math.abs(x - steps.elapsed.at(-1)! / 1000) < 1e-9, 'seconds');
      assert.equal((await viewOf(page)).unit, 'time');
    });
  });

  test('a logarithmic axis, and limits of the vertical axis by hand', async () => {
    await withPanel('weights', async ({ page }) => {
      await send(page, weightsShow(grain));
      await page.locator('.figure-effective-groups .menu-button').click();
      const menu = page.locator('.figure-effective-groups .menu');
      await menu.getByLabel('Logarithmic axis').check();
      await menu.getByLabel('Upper limit').fill('20');
      await menu.getByLabel('Lower limit').fill('2');
      await menu.getByLabel('Lower limit').press('Enter');
      const { min, max } = await scaleOf(page, 'effective-groups', 'left');
      assert.deepEqual([min, max], [2, 20]);
      assert.deepEqual((await viewOf(page)).axes, {
        'effective-groups': { logarithmic: true, min: 2, max: 20 },
      });
      await page.keyboard.press('Escape');
      assert.equal(await menu.isVisible(), false);
    });
  });

  test('every chart as PNG, SVG and CSV', async () => {
    for (const [panel, message] of [
      ['weights', await weightsShow(fleeting)],
      ['weights', await weightsShow(layerwise)],
      ['conflict', await conflictShow(grain)],
      ['metrics', await metricsShow(grain)],
    ] as const) {
      await withPanel(panel, async ({ page }) => {
        await send(page, message);
        for (const opener of await page.locator('.more > summary').all()) await opener.click();
        await drawnAtSize(page);
        const ids = await page
          .locator('.figure:not(.absent) canvas:visible')
          .evaluateAll((all) => all.map((canvas) => (canvas as unknown as { id: string }).id));
        assert.ok(ids.length >= 3);
        for (const id of ids) {
          for (const name of ['Save image as PNG…', 'Save image as SVG…', 'Save data as CSV…']) {
            await chooseIn(page, id, name);
          }
          const [png, svg, csv] = (await filesOf(page)).slice(-3) as Extract<
            FileRequest,
            { type: 'save' }
          >[];
          const bytes = Buffer.from(png!.content, 'base64');
          assert.equal(bytes.subarray(1, 4).toString(), 'PNG', id);
          assert.deepEqual([svg?.format, csv?.format], ['svg', 'csv']);
          await assertSvg(page, svg!.content, id);
          await writeFile(path.join(screenshots, `export-${id}.svg`), svg!.content);
          const rows = csv!.content.trimEnd().split('\r\n');
          assert.ok(rows.length > 1, id);
          assert.equal(new Set(rows.map((row) => row.split(',').length)).size, 1, id);
        }
      });
    }
  });

  test('every table as CSV and Markdown', async () => {
    await withPanel('conflict', async ({ page }) => {
      await send(page, conflictShow(grain));
      await page.locator('.data-table > summary').click();
      const table = page.locator('.data-table');
      for (const name of ['Copy as CSV', 'Copy as Markdown']) {
        await table.locator('.menu-button').click();
        await table.getByText(name, { exact: true }).click();
      }
      const [csv, markdown] = (await filesOf(page)) as Extract<FileRequest, { type: 'copy' }>[];
      assert.match(csv!.text, /^step,smallest cosine,guarantee,.*\r\n240,/);
      assert.match(
        markdown!.text,
        /^\| step \| smallest cosine \|.*\n\| --- \| ---: \|.*\n\| 240 \| /,
      );
    });
  });
});

/** Charts of a line through single steps. */
const LINES = new Set(['effective-groups', 'min-cosine', 'conflict-rate', 'loss']);

/** Well-formed, with something drawn, and looks as the chart does: a browser draws it. */
async function assertSvg(page: Page, svg: string, id: string): Promise<void> {
  const found = await page.evaluate((text) => {
    const { DOMParser } = globalThis as unknown as {
      DOMParser: new () => { parseFromString(text: string, type: string): Parsed };
    };
    interface Parsed {
      querySelectorAll(selector: string): { readonly length: number };
    }
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
    const count = (selector: string) => parsed.querySelectorAll(selector).length;
    return { errors: count('parsererror'), paths: count('path'), texts: count('text') };
  }, svg);
  assert.equal(found.errors, 0, id);
  assert.ok(found.paths > 8 && found.texts > 6, `${id}: ${JSON.stringify(found)}`);
  assert.doesNotMatch(svg, /NaN|undefined/, id);
  const longest = Math.max(...[...svg.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d!.length));
  if (LINES.has(id)) assert.ok(longest > 1000, `${id}: a line through all steps`);
}
