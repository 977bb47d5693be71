/** Training data with something wrong in it: tables as CSV of pixels, a label and, in those of several sources, the source. */

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

/** All images of the first example’s class are its image. */
export function withSameImages(csv: string): string {
  let first: readonly string[] | undefined;
  return edited(csv, (row) => {
    first ??= row;
    return row.at(-1) === first.at(-1) ? first : row;
  });
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
export function withEveryLabel(classes: readonly number[]): (csv: string) => string {
  return (csv) => {
    const [header, ...rows] = csv.trimEnd().split('\n');
    const all = rows.flatMap((row) => {
      const pixels = row.slice(0, row.lastIndexOf(','));
      return classes.map((label) => `${pixels},${label},of ${label}`);
    });
    return `${[`${header},source`, ...all].join('\n')}\n`;
  };
}

/** @param edit of the cells of each example */
function edited(csv: string, edit: (row: string[], at: number) => readonly string[]): string {
  const [header, ...rows] = csv.trimEnd().split('\n');
  const spoilt = rows.map((row, at) => edit(row.split(','), at).join(','));
  return `${[header, ...spoilt].join('\n')}\n`;
}
