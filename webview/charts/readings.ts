import type { Columns } from '../../src/extension/messages/columns.ts';
import type { MetricPoint } from '../../src/extension/messages/points.ts';
import type { Sheet } from '../export/sheet.ts';
import { exact, grouped } from '../format.ts';
import { columnFor, finite, type Series } from './series.ts';

/** Most values of a step that a caption has room for. */
const CAPTIONED = 3;

/** What a chart over steps draws at the moment. */
interface Drawn {
  readonly columns: Columns;
  readonly series: readonly Series[];
  /** Of series without columns, by their place. */
  readonly own: ReadonlyMap<number, readonly MetricPoint[]>;
}

/** The values of a chart over steps, read out: in tooltips, captions and files. */
export class Readings {
  readonly #drawn: () => Drawn;
  readonly #write: (value: number | null) => string;

  /** @param write a value, as it is told; default: with all its digits */
  constructor(drawn: () => Drawn, write: (value: number | null) => string = exact) {
    this.#drawn = drawn;
    this.#write = write;
  }

  /** The steps of a point of a series. */
  title(place: number, index: number): string {
    const { columns, own } = this.#drawn();
    const point = own.get(place)?.[index];
    const [first, last] = point
      ? [point.step, point.step]
      : [columns.first[index], columns.last[index]];
    return first === last
      ? `step ${grouped(first!)}`
      : `steps ${grouped(first!)} to ${grouped(last!)}`;
  }

  /** A value, and between which values the steps of its column are. */
  value(place: number, index: number): string {
    const { columns, series, own } = this.#drawn();
    const write = this.#write;
    const column = columnFor(series[place]!, columns);
    if (!column) return write(own.get(place)?.[index]?.value ?? null);
    const [min, max, mean] = [column.min[index]!, column.max[index]!, column.mean[index]!];
    const lost = column.nonFinite[index]!;
    const range = min < max ? ` (${write(min)} … ${write(max)})` : '';
    const failed = lost === 0 ? '' : columns.bucket === 1 ? ' not finite' : `; ${lost} not finite`;
    return `${write(finite(mean))}${range}${failed}`;
  }

  /** A column in a line: its steps and, if they are few, the values of the series. */
  caption(index: number, isVisible: (place: number) => boolean): string {
    const shown = this.#drawn().series.flatMap(({ of, label }, i) =>
      of !== undefined && isVisible(i) ? [{ label, i }] : [],
    );
    const values = shown.map(({ label, i }) =>
      shown.length === 1 ? this.value(i, index) : `${label} ${this.value(i, index)}`,
    );
    const title = this.title(-1, index);
    return values.length > CAPTIONED ? title : `${title}: ${values.join(', ')}`;
  }

  /** All columns, with the range of each where it has several steps. @param columns in place of those drawn */
  sheet(columns: Columns): Sheet {
    const { first, last, bucket } = columns;
    const isExact = bucket === 1;
    const drawn = this.#drawn().series.flatMap((series) => {
      const column = columnFor(series, columns);
      return column && series.marks === undefined ? [{ label: series.label, column }] : [];
    });
    return {
      titles: [
        ...(isExact ? ['step'] : ['first step', 'last step']),
        ...drawn.flatMap(({ label }) =>
          isExact ? [label] : [`${label}, mean`, `${label}, smallest`, `${label}, largest`],
        ),
      ],
      rows: Array.from(last, (step, i) => [
        ...(isExact ? [step] : [first[i]!, step]),
        ...drawn.flatMap(({ column: { mean, min, max } }) =>
          (isExact ? [mean] : [mean, min, max]).map((values) => finite(values[i])),
        ),
      ]),
    };
  }
}
