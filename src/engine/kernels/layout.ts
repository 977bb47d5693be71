import { fields, instanceOf, isNumber } from '../structure.ts';

/** Columns of one unit of work. The partition is fixed, so that results do not depend on which thread computes what. */
export const CHUNK = 65_536;

/** Rows are padded with zeros to whole vectors of this many columns. */
const VECTOR = 16;
const PAGE = 4096;
/** Added to whole pages, it spreads the same column of all rows over the sets of a cache. */
const SKEW = 576;

/** Bytes of a term of a combination: a row's address and its weight. */
export const TERM = 8;
/** Bytes of an inner product's sum: two float64, to be added up. */
export const SLOT = 16;

/** k rows of d float32 in one memory, and the kernels' scratch. Plain data: it is sent to the threads. */
export interface Shard {
  readonly memory: WebAssembly.Memory;
  readonly k: number;
  readonly d: number;
}

export const isShard = fields<Shard>({
  memory: instanceOf(WebAssembly.Memory),
  k: isNumber,
  d: isNumber,
});

/** Layout of a shard's memory; all offsets in bytes. */
export interface Layout {
  /** Terms of the combination, k at most. At 0, before them, is the number of the next chunk to process. */
  readonly terms: number;
  /** Sums of inner products: a square of slots for each chunk, which also holds the k + 1 of the combination's. */
  readonly sums: number;
  readonly sumsOfChunk: number;
  readonly rows: number;
  /** From a row to the next; the combination's row comes after the k others. */
  readonly stride: number;
  readonly chunks: number;
  readonly end: number;
}

export function layoutOf(k: number, d: number): Layout {
  const chunks = Math.ceil(d / CHUNK);
  const terms = 64;
  const sums = roundUp(terms + k * TERM, 64);
  const sumsOfChunk = slotsPerRow(k) ** 2 * SLOT;
  const rows = roundUp(sums + chunks * sumsOfChunk, PAGE);
  const stride = roundUp(4 * d, PAGE) + SKEW;
  return { terms, sums, sumsOfChunk, rows, stride, chunks, end: rows + (k + 1) * stride };
}

/** The kernel works on four rows at a time. */
export function slotsPerRow(k: number): number {
  return roundUp(k, 4);
}

export function padded(columns: number): number {
  return roundUp(columns, VECTOR);
}

/** Maximum number of columns, in whole chunks, such that k rows and their sums fit into `bytes`. */
export function columnsWithin(bytes: number, k: number): number {
  const perChunk = layoutOf(k, CHUNK).sumsOfChunk + 4 * CHUNK * (k + 1);
  const besides = layoutOf(k, 0).end + 2 * PAGE;
  return Math.max(0, Math.floor((bytes - besides) / perChunk)) * CHUNK;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
