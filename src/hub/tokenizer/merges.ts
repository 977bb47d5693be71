/** Rank and result of each pair of tokens that is merged. */
export type Merges = Map<number, Map<number, Merge>>;

interface Merge {
  /** The lowest is merged first. */
  readonly rank: number;
  readonly id: number;
}

/** A pair of neighbours that may be merged. */
interface Candidate extends Merge {
  readonly position: number;
}

/**
 * Merges neighbouring tokens: always the pair of the lowest rank, and of equal ones the first.
 * @param ids changed in place
 */
export function mergeAll(ids: number[], merges: Merges): readonly number[] {
  const count = ids.length;
  if (count < 2) return ids;
  const previous = Int32Array.from(ids, (_, i) => i - 1);
  const next = Int32Array.from(ids, (_, i) => (i + 1 < count ? i + 1 : -1));
  const isGone = new Uint8Array(count);
  const queue = new Queue();
  const pairAt = (position: number): Merge | undefined => {
    const right = next[position]!;
    return right < 0 ? undefined : merges.get(ids[position]!)?.get(ids[right]!);
  };
  const offer = (position: number) => {
    const merge = pairAt(position);
    if (merge) queue.push({ position, ...merge });
  };
  for (let position = 0; position < count; position++) offer(position);
  for (let top = queue.pop(); top; top = queue.pop()) {
    const { position, id } = top;
    // One of the two may have been merged with another neighbour since.
    if (isGone[position] || pairAt(position)?.id !== id) continue;
    const right = next[position]!;
    ids[position] = id;
    isGone[right] = 1;
    next[position] = next[right]!;
    if (next[right]! >= 0) previous[next[right]!] = position;
    if (previous[position]! >= 0) offer(previous[position]!);
    offer(position);
  }
  return ids.filter((_, i) => !isGone[i]);
}

/** A binary heap of candidates, the next one to merge on top. */
class Queue {
  readonly #heap: Candidate[] = [];

  push(candidate: Candidate): void {
    const heap = this.#heap;
    let i = heap.push(candidate) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(heap[i]!, heap[parent]!)) break;
      swap(heap, i, parent);
      i = parent;
    }
  }

  pop(): Candidate | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || !last) return top;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let first = i;
      if (left < heap.length && isBefore(heap[left]!, heap[first]!)) first = left;
      if (right < heap.length && isBefore(heap[right]!, heap[first]!)) first = right;
      if (first === i) return top;
      swap(heap, i, first);
      i = first;
    }
  }
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.position < b.position);
}

function swap(heap: Candidate[], i: number, j: number): void {
  [heap[i], heap[j]] = [heap[j]!, heap[i]!];
}
