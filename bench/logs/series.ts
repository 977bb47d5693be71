import type { SeriesName } from '../../src/runs/index/series.ts';

/** What a panel asks for first. */
export const FIRST: SeriesName[] = [
  'loss',
  'weightMax',
  'weightMedian',
  'weightMin',
  'effectiveGroups',
  'violated',
];
