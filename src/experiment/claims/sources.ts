/** The sources that the examples of a training set are dealt out to in turn. */
export const SOURCES = ['north', 'east', 'south', 'west'] as const;
/** The one whose labels or targets are wrong. */
export const MISLABELLED = 'west';

/** @param at place of the example in its training set */
export function sourceOf(at: number): (typeof SOURCES)[number] {
  return SOURCES[at % SOURCES.length]!;
}
