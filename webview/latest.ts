/** Rows that data tables show. */
const ROWS = 25;

/** The list with the new items at its end, cut to what a data table shows. */
export function latest<T>(old: readonly T[], fresh: readonly T[]): readonly T[] {
  return [...old, ...fresh.slice(-ROWS)].slice(-ROWS);
}

/** Newest first. */
export function newestFirst<T>(items: readonly T[]): T[] {
  return items.toReversed();
}
