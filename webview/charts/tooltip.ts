import type { TooltipModel } from 'chart.js';
import { h } from '../dom.ts';

/** More lines than this are set in two columns: one would not fit the bottom panel. */
const COLUMN = 9;
const GAP = 12;

const box = h('div', { class: 'tooltip', role: 'tooltip', hidden: true });

/** What is needed of a tooltip, of a chart of any type: chart.js's own types of two kinds of charts may not fit each other. */
type Shown = Pick<
  TooltipModel<'line'>,
  'opacity' | 'body' | 'labelColors' | 'afterBody' | 'title' | 'caretX' | 'caretY'
>;

interface Placed {
  readonly canvas: HTMLCanvasElement;
}

/** An HTML tooltip above the page: one drawn on the canvas would be cut off by a short chart. */
export function showTooltip({ chart, tooltip }: { chart: Placed; tooltip: Shown }): void {
  if (!box.isConnected) document.body.append(box);
  if (tooltip.opacity === 0) {
    box.hidden = true;
    return;
  }
  const lines = tooltip.body.flatMap(({ lines }, i) =>
    lines.map((text) => {
      const swatch = h('span', { class: 'swatch' });
      const { backgroundColor, borderColor } = tooltip.labelColors[i] ?? {};
      swatch.style.background = opaque(borderColor) ?? opaque(backgroundColor) ?? 'transparent';
      return h('li', {}, swatch, text);
    }),
  );
  const list = h('ul', { class: lines.length > COLUMN ? 'two-columns' : '' }, ...lines);
  const after = tooltip.afterBody.map((text) => h('p', {}, text));
  box.replaceChildren(h('p', { class: 'title' }, tooltip.title.join(' ')), list, ...after);
  box.hidden = false;
  place(chart, tooltip.caretX, tooltip.caretY);
}

/** Beside the point, on the side where it fits, inside the window. */
function place(chart: Placed, caretX: number, caretY: number): void {
  const { left, top } = chart.canvas.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const right = left + caretX + GAP;
  const x = right + width <= window.innerWidth ? right : left + caretX - GAP - width;
  const y = Math.min(top + caretY - height / 2, window.innerHeight - height - 4);
  box.style.left = `${Math.max(4, x)}px`;
  box.style.top = `${Math.max(4, y)}px`;
}

function opaque(colour: unknown): string | undefined {
  return typeof colour === 'string' && colour !== 'transparent' ? colour : undefined;
}
