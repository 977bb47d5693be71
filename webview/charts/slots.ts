/**
 * Places of aggregators in the order of colours and dashes. Pure. The colours nearest the front are the furthest apart, so that
 * those often compared come first.
 */

/** Labels with a place of their own: the aggregators with their usual settings. */
const OWN = [
  'grain',
  'mean',
  'pcgrad',
  'cagrad',
  'upgrad',
  'grain-layerwise',
  'nash-mtl',
  'imtl-g',
  'aligned-mtl',
  'gradvac',
  'graddrop',
  'grain-streaming',
  'mean-norm-matched',
  'inverse-norm',
  'normalized-mean',
];

/** As many as there are colours. */
const SLOTS = 16;

/** Dashes of neighbouring places differ, for eyes that cannot tell the colours. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [9, 3, 2, 3]];

/** The place of an aggregator by itself: its own, or always the same one of all. */
export function preferredSlot(label: string): number {
  const own = OWN.indexOf(label);
  if (own >= 0) return own;
  let hash = 0;
  for (const letter of label) hash = (31 * hash + (letter.codePointAt(0) ?? 0)) % 65_521;
  return hash % SLOTS;
}

/**
 * A place of its own for each of several, the preferred one where it is free. Those that have their own get them first; a label
 * keeps its place when others with settings join behind it. More than there are colours share them, with other dashes.
 */
export function slotsOf(labels: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  const isOwn = (label: string) => OWN.includes(label);
  for (const label of [...labels.filter(isOwn), ...labels.filter((label) => !isOwn(label))]) {
    if (slots.has(label)) continue;
    const round = SLOTS * Math.floor(slots.size / SLOTS);
    let slot = round + preferredSlot(label);
    while (taken.has(slot)) slot = round + ((slot + 1) % SLOTS);
    slots.set(label, slot);
    taken.add(slot);
  }
  return slots;
}

/** In pixels drawn and left out by turns; none: drawn through. */
export function dashOf(slot: number): readonly number[] {
  return DASHES[(slot + Math.floor(slot / SLOTS)) % DASHES.length]!;
}
