/** The rows of test/python/columns.py, as they are to be read. */
export const rowsOfColumns = Array.from({ length: 250 }, (_, i) => [
  `Sätze ${i % 50}, “quoted”\n`,
  i % 3 ? null : `text ${i}`,
  (i % 3) - 1,
  i % 100,
  i / 8,
  i / 3,
  i % 2 === 0,
  'abcab'[i % 5],
  String(i),
]);
