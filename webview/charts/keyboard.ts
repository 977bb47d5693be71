import type { ActiveElement } from 'chart.js';
import type { Announcer } from '../announcer.ts';
import type { AnyChart } from './chart.ts';

/**
 * Arrow keys, Home and End move along a focused chart's points as a pointer would; the point is announced.
 *
 * @param onPoint called with the place of the point on the horizontal axis; `null` when it is left
 */
export function walkWithKeys(
  chart: AnyChart,
  announcer: Announcer,
  onPoint?: (x: number | null) => void,
): void {
  let at = Number.POSITIVE_INFINITY;
  const { canvas } = chart;
  canvas.addEventListener('keydown', (event) => {
    const last =
      Math.max(...chart.getSortedVisibleDatasetMetas().map(({ data }) => data.length)) - 1;
    if (last < 0 || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    const from = Math.min(at, last);
    const target = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    at = Math.min(last, Math.max(0, target));
    show(chart, at);
    onPoint?.(chart.tooltip?.dataPoints?.[0]?.parsed.x ?? null);
    announcer.answer(spoken(chart));
  });
  canvas.addEventListener('blur', () => {
    show(chart, undefined);
    onPoint?.(null);
  });
}

/** Arrow keys, Home and End move over the cells of a focused heat map; the cell is announced. */
export function walkCellsWithKeys(
  chart: AnyChart,
  columns: () => number,
  announcer: Announcer,
): void {
  let at = 0;
  const { canvas } = chart;
  canvas.addEventListener('keydown', (event) => {
    const { data } = chart.getDatasetMeta(0);
    const width = columns();
    const last = data.length - 1;
    if (last < 0) return;
    const from = Math.min(at, last);
    const target = {
      ArrowLeft: from % width === 0 ? from : from - 1,
      ArrowRight: from % width === width - 1 ? from : from + 1,
      ArrowUp: from < width ? from : from - width,
      ArrowDown: from + width > last ? from : from + width,
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    at = target;
    activate(chart, [{ datasetIndex: 0, index: at, element: data[at]! }]);
    announcer.answer(spoken(chart));
  });
  canvas.addEventListener('blur', () => activate(chart, []));
}

function show(chart: AnyChart, index: number | undefined): void {
  const metas = chart.getSortedVisibleDatasetMetas();
  const longest = metas.reduce((a, b) => (b.data.length > a.data.length ? b : a), metas[0]!);
  const x = index === undefined ? undefined : longest?.data[index]?.x;
  const active: ActiveElement[] = metas.flatMap((meta) => {
    const found = x === undefined ? -1 : meta.data.findIndex((element) => element.x === x);
    return found < 0
      ? []
      : [{ datasetIndex: meta.index, index: found, element: meta.data[found]! }];
  });
  activate(chart, active, x);
}

function activate(chart: AnyChart, active: ActiveElement[], x = 0): void {
  chart.setActiveElements(active);
  chart.tooltip?.setActiveElements(active, { x, y: 0 });
  chart.update('none');
}

function spoken(chart: AnyChart): string {
  const { title = [], body = [], afterBody = [] } = chart.tooltip ?? {};
  return [...title, ...body.flatMap(({ lines }) => lines), ...afterBody].join('; ');
}
