/**
 * Slots of aggregators in the order of colours and dashes. Pure. The first colours are the furthest apart, so aggregators
 * that are often compared come first.
 */

/** Labels with their own slot: the aggregators with default settings. */
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
  'grain-normalized',
];

/** As many as there are colours. */
const SLOTS = 16;

/** Dashes of neighbouring slots differ, for viewers who cannot tell the colours apart. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [9, 3, 2, 3]];

/** The slot of an aggregator shown alone: its own, or else one chosen by a hash of its label. */
export function preferredSlot(label: string): number {
  const own = OWN.indexOf(label);
  if (own >= 0) return own;
  let hash = 0;
  for (const letter of label) hash = (31 * hash + (letter.codePointAt(0) ?? 0)) % 65_521;
  return hash % SLOTS;
}

/**
 * A different slot for each of several aggregators, the preferred one where it is free. Those with their own slot come
 * first; a label keeps its slot when others with settings are added after it. If there are more labels than colours, they
 * share colours with other dashes.
 */
export function slotsOf(labels: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  const used = new Set<number>();
  const isOwn = (label: string) => OWN.includes(label);
  for (const label of [...labels.filter(isOwn), ...labels.filter((label) => !isOwn(label))]) {
    if (slots.has(label)) continue;
    const round = SLOTS * Math.floor(slots.size / SLOTS);
    let slot = round + preferredSlot(label);
    while (used.has(slot)) slot = round + ((slot + 1) % SLOTS);
    slots.set(label, slot);
    used.add(slot);
  }
  return slots;
}

/** In pixels drawn and left out alternately; empty for a solid line. */
export function dashOf(slot: number): readonly number[] {
  return DASHES[(slot + Math.floor(slot / SLOTS)) % DASHES.length]!;
}
