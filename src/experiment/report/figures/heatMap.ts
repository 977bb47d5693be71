/** A matrix as a heat map with its figures in the cells, where they have room. */
import { label, shape, svg } from './svg.ts';

const LEFT = 64;
const TOP = 40;
const MOST = 30;
/** Cells below this size have no figure in them. */
const ROOMY = 34;

export interface Matrix {
  /** What it shows, for those who do not see it. */
  readonly name: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly rowTitle: string;
  readonly columnTitle: string;
  readonly values: readonly (readonly number[])[];
  readonly format: (value: number) => string;
  /** The diagonal is left empty. */
  readonly isSymmetric?: boolean;
}

/** The larger the value, the stronger the colour. More than 30 rows or columns are not drawn. */
export function heatMap({ rows, columns, values, format, ...matrix }: Matrix): string | null {
  if (rows.length > MOST || columns.length > MOST) return null;
  const size = Math.max(18, Math.min(52, Math.floor(360 / Math.max(rows.length, columns.length))));
  const shown = values.flatMap((row, i) => row.filter((_, j) => !matrix.isSymmetric || i !== j));
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const strength = (value: number) =>
    0.06 + 0.54 * (high > low ? (value - low) / (high - low) : 0.5);
  const parts = [
    label(LEFT + (size * columns.length) / 2, 12, matrix.columnTitle, {
      ...{ anchor: 'middle', class: 'axis' },
    }),
    label(12, TOP + (size * rows.length) / 2, matrix.rowTitle, {
      ...{ anchor: 'middle', class: 'axis' },
      transform: `rotate(-90 12 ${TOP + (size * rows.length) / 2})`,
    }),
    ...columns.map((name, j) =>
      label(LEFT + size * (j + 0.5), TOP - 8, name, { anchor: 'middle', class: 'tick' }),
    ),
    ...rows.flatMap((name, i) => [
      label(LEFT - 8, TOP + size * (i + 0.5) + 4, name, { anchor: 'end', class: 'tick' }),
      ...columns.flatMap((column, j) => {
        if (matrix.isSymmetric && i === j) return [];
        const value = values[i]![j]!;
        const [x, y] = [LEFT + size * j, TOP + size * i];
        const title = `${matrix.rowTitle} ${name}, ${matrix.columnTitle} ${column}: ${format(value)}`;
        return [
          shape(
            'rect',
            {
              class: 'cell',
              ...{ x: x + 1, y: y + 1, width: size - 2, height: size - 2 },
              'fill-opacity': strength(value),
            },
            title,
          ),
          ...(size < ROOMY
            ? []
            : [
                label(x + size / 2, y + size / 2 + 4, format(value), {
                  ...{ anchor: 'middle', class: 'figure' },
                }),
              ]),
        ];
      }),
    ]),
  ];
  const [width, height] = [LEFT + size * columns.length + 8, TOP + size * rows.length + 8];
  return svg(width, height, matrix.name, parts);
}
