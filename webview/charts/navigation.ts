/** Zooming and panning a chart over steps by mouse, wheel and keyboard; all charts of its view follow. */
import type { ActiveElement, ChartEvent, ChartOptions } from 'chart.js';
import type { Chart } from './chart.ts';
import { stepAt } from './columns.ts';
import { theme } from './theme.ts';
import type { Drawing, View } from './view.ts';

/** Share of the steps shown that a key moves by, and factor that it zooms by. */
const MOVE = 0.25;
const ZOOM = 2;

type ZoomOptions = NonNullable<NonNullable<ChartOptions<'line'>['plugins']>['zoom']>;

/** Options of the zoom plugin: drag to zoom, Shift and drag to pan, Ctrl and wheel to zoom. */
export function zoomOptions(view: View): ZoomOptions {
  const done = ({ chart }: { chart: { scales: Chart['scales'] } }) => {
    const { x } = chart.scales;
    if (x) view.zoom(stepOf(x.min, view), stepOf(x.max, view));
  };
  const background = () => theme().grid;
  return {
    zoom: {
      mode: 'x',
      drag: { enabled: true, threshold: 6, backgroundColor: background as unknown as string },
      wheel: { enabled: true, modifierKey: 'ctrl' },
      onZoomComplete: done,
    },
    pan: { enabled: true, mode: 'x', modifierKey: 'shift', onPanComplete: done },
  };
}

/** The parts of a chart of any type that are needed here: chart.js's own types of two kinds of charts may not fit each other. */
interface Navigable {
  readonly canvas: HTMLCanvasElement;
  readonly data: { readonly datasets: readonly { readonly data: readonly unknown[] }[] };
  readonly options: { onHover?(event: ChartEvent, active: ActiveElement[], chart: Chart): void };
}

/** The step under the pointer is pointed at in all charts; a double click and keys change what all show. */
export function navigate(chart: Navigable, view: View, drawing: Drawing): void {
  const { canvas } = chart;
  let pointed: number | null = null;
  const point = (step: number | null) => {
    if (step === pointed) return;
    pointed = step;
    view.point(step, drawing);
  };
  chart.options.onHover = (_, [active]) => {
    const at = active && chart.data.datasets[active.datasetIndex]?.data[active.index];
    point(at ? stepOf((at as { x: number }).x, view) : null);
  };
  canvas.addEventListener('mouseleave', () => point(null));
  canvas.addEventListener('dblclick', () => view.reset());
  canvas.addEventListener('keydown', (event) => {
    const move = actionOf(event);
    if (!move) return;
    event.preventDefault();
    move(view, pointed ?? undefined);
  });
}

function actionOf({
  key,
  shiftKey,
}: KeyboardEvent): ((view: View, around?: number) => void) | undefined {
  switch (key) {
    case '+':
    case '=':
      return (view, around) => view.zoomBy(ZOOM, around);
    case '-':
      return (view, around) => view.zoomBy(1 / ZOOM, around);
    case '0':
      return (view) => view.reset();
    case 'ArrowLeft':
      return shiftKey ? (view) => view.pan(-MOVE) : undefined;
    case 'ArrowRight':
      return shiftKey ? (view) => view.pan(MOVE) : undefined;
    default:
      return undefined;
  }
}

function stepOf(position: number, { columns, state }: View): number {
  return stepAt(position, columns, state.unit);
}
