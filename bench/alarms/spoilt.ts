/** Training data with something wrong in it: tables as CSV of pixels, a label and, in those of several sources, the source. */
import { five } from './failingSetting.ts';

/** The first example's pixels times −1000. */
export function withBrightImage(csv: string): string {
  return edited(csv, (row, at) =>
    at > 0 ? row : [...row.slice(0, -1).map((cell) => String(-1000 * Number(cell))), row.at(-1)!],
  );
}

/** Each of the first five examples has another pixel of 10²⁰. */
export function withOutliers(csv: string): string {
  return edited(csv, (row, at) => (at < 5 ? row.with(at, '1e20') : row));
}

/** The first example's label has lost its decimal point: times 100. */
export function withTypingError(csv: string): string {
  return edited(csv, (row, at) => (at > 0 ? row : row.with(-1, `${row.at(-1)}00`)));
}

/** The images of the first class are black. */
export function withBlackClass(csv: string): string {
  return edited(csv, (row) =>
    row.at(-1) === String(five[0]) ? row.map((cell, i) => (i < row.length - 1 ? '0' : cell)) : row,
  );
}

/** The first example alone has a source, whose name is misspelt. */
export function withMisspeltSource(csv: string): string {
  return edited(csv, (row, at) => (at > 0 ? row : row.with(-1, `${row.at(-1)}h`)));
}

/** With a source more that has the first example only, 20 times. */
export function withCopies(csv: string): string {
  const [, first] = csv.split('\n');
  const copy = [...first!.split(',').slice(0, -1), 'copies'].join(',');
  return `${csv.trimEnd()}\n${Array(20).fill(copy).join('\n')}\n`;
}

/** Each example once for every class, which is its source too. */
export function withEveryLabel(csv: string): string {
  return sourced(csv, () => five);
}

/** Each example twice: from one source as it is, from the other with the next class. */
export function withTwoOpinions(csv: string): string {
  return sourced(csv, (label) => [label, five[(five.indexOf(label) + 1) % five.length]!]);
}

/** @param labels of each example, from as many sources */
function sourced(csv: string, labels: (label: number) => readonly number[]): string {
  const [header, ...rows] = csv.trimEnd().split('\n');
  const all = rows.flatMap((row) => {
    const end = row.lastIndexOf(',');
    return labels(Number(row.slice(end + 1))).map(
      (label, at) => `${row.slice(0, end)},${label},#${at + 1}`,
    );
  });
  return `${[`${header},source`, ...all].join('\n')}\n`;
}

/** @param edit of the cells of each example */
function edited(csv: string, edit: (row: string[], at: number) => readonly string[]): string {
  const [header, ...rows] = csv.trimEnd().split('\n');
  const spoilt = rows.map((row, at) => edit(row.split(','), at).join(','));
  return `${[header, ...spoilt].join('\n')}\n`;
}
