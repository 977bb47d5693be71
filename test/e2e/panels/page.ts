/** A panel in a browser: opened, and its charts looked at. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after } from 'node:test';
import type { Page } from 'playwright-core';
import type { WeightsPoint } from '../../../src/extension/messages/points.ts';
import { type Opened, PanelBrowser, type PanelName } from './browser.ts';

export const screenshots = path.join(import.meta.dirname, '../screenshots/panels');

/** Started by the first test that opens a panel. */
let browser: Promise<PanelBrowser> | undefined;
after(async () => (await browser)?.close());

/** Opens a panel, and afterwards asserts that there were no complaints. */
export async function withPanel(
  panel: PanelName,
  use: (opened: Opened & { readonly page: Page }) => Promise<void>,
  { height = 800 }: { height?: number } = {},
): Promise<void> {
  browser ??= PanelBrowser.start();
  const opened = await (await browser).open(panel, 'dark', 1000, height);
  try {
    await use(opened);
    assert.deepEqual(opened.complaints, [], 'no console error and no violation of the policy');
  } finally {
    await opened.page.close();
  }
}
/** x and y of what a dataset should hold. */
export function line<T extends { readonly step: number }>(
  points: readonly T[],
  y: (point: T) => number | null,
) {
  return points.map((point) => ({ x: point.step, y: y(point) }));
}

/** Weights of a group as its area should hold them: means of as many steps as bring the points to at most 120. */
export function areaOf(points: readonly WeightsPoint[], group: number) {
  const width = 2 ** Math.max(0, Math.ceil(Math.log2(points.length / 120)));
  return Array.from({ length: Math.ceil(points.length / width) }, (_, i) => {
    const averaged = points.slice(i * width, (i + 1) * width);
    const sum = averaged.reduce((total, { weights }) => total + (weights[group] ?? 0), 0);
    return { x: averaged.at(-1)!.step, y: sum / averaged.length };
  });
}

export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number } };
      innerWidth: number;
    };
    return document.documentElement.scrollWidth - innerWidth;
  });
}

/** Marks the chart and the data array of a canvas, to recognise them later. */
export async function mark(page: Page, id: string): Promise<void> {
  await page.evaluate((canvasId) => {
    const global = globalThis as unknown as ChartPage;
    const chart = global.Chart.getChart(global.document.getElementById(canvasId))!;
    global.marked = [chart, chart.data.datasets[0]!.data];
  }, id);
}

export async function isMarked(page: Page, id: string): Promise<boolean> {
  return page.evaluate((canvasId) => {
    const global = globalThis as unknown as ChartPage;
    const chart = global.Chart.getChart(global.document.getElementById(canvasId))!;
    return global.marked[0] === chart && global.marked[1] === chart.data.datasets[0]!.data;
  }, id);
}

export async function isShown(page: Page, id: string, dataset: number): Promise<boolean> {
  return page.evaluate(
    ([canvasId, index]) => {
      const global = globalThis as unknown as ChartPage;
      return global.Chart.getChart(global.document.getElementById(canvasId))!.isDatasetVisible(
        index,
      );
    },
    [id, dataset] as const,
  );
}

export interface Swatch {
  readonly style: { readonly color: string; readonly backgroundImage: string };
}

export interface PageScale {
  readonly min: number;
  readonly max: number;
  readonly options: {
    readonly stacked?: boolean;
    readonly ticks: { readonly color: string };
    readonly title: { readonly color: string };
    readonly border: { readonly color: string };
  };
}

export async function scaleOf(page: Page, id: string, scale: string) {
  return page.evaluate(
    ([canvasId, name]) => {
      const { Chart, document } = globalThis as unknown as ChartPage;
      const { min, max, options } = Chart.getChart(document.getElementById(canvasId))!.scales[
        name
      ]!;
      return { min, max, stacked: options.stacked === true };
    },
    [id, scale] as const,
  );
}

/** Radius of each point of a dataset, as it is drawn. */
export async function radii(page: Page, id: string, dataset: number): Promise<number[]> {
  return page.evaluate(
    ([canvasId, index]) => {
      const { Chart, document } = globalThis as unknown as ChartPage;
      const { data } = Chart.getChart(document.getElementById(canvasId))!.getDatasetMeta(index);
      return data.map(({ options }) => options.radius);
    },
    [id, dataset] as const,
  );
}

export interface ChartPage {
  readonly Chart: { getChart(canvas: unknown): PageChart | undefined };
  readonly document: { getElementById(id: string): unknown };
  marked: unknown[];
}

export interface PageChart {
  readonly data: {
    readonly datasets: readonly {
      readonly data: unknown;
      readonly label: string;
      readonly borderColor: string;
    }[];
  };
  readonly scales: Readonly<Record<string, PageScale>>;
  isDatasetVisible(index: number): boolean;
  getDatasetMeta(index: number): {
    readonly data: readonly { readonly options: { readonly radius: number } }[];
  };
}
