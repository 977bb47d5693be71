/** The predictions of a method's seeds, example by example: filtered and sorted. */
import { sampleStandardDeviation } from 'simple-statistics';
import type { RunPredictions, Vocabulary } from './runPredictions.ts';

/** Predictions of one seed. */
export interface SeedPredictions {
  readonly seed: string;
  /** Of the run. */
  readonly folder: string;
  readonly predictions: RunPredictions;
}

export type Only = 'all' | 'wrong' | 'alwaysWrong' | 'disputed';
export type Key =
  | 'index'
  | 'target'
  | 'prediction'
  | 'probability'
  | 'loss'
  | 'agreement'
  | 'right'
  | 'spread'
  | 'group';

/** Which examples, in which order; `null` for all. */
export interface Selection {
  readonly only: Only;
  readonly target: string | null;
  /** Of any of the seeds. */
  readonly prediction: string | null;
  readonly group: string | null;
  readonly sort: { readonly by: Key; readonly descending: boolean };
}

/** The seeds' predictions of the same examples. */
export class ExampleTable {
  readonly seeds: readonly SeedPredictions[];
  readonly vocabulary: Vocabulary;
  readonly #first: RunPredictions;
  readonly #places: ReadonlyMap<number, number>;

  /** @param seeds of one method, at least one; those that predict other examples than the first are left out */
  constructor(seeds: readonly SeedPredictions[], vocabulary: Vocabulary) {
    this.#first = seeds[0]!.predictions;
    // Of a number that stands twice, the first place.
    this.#places = new Map(
      Array.from(this.#first.indices, (index, place) => [index, place] as const).reverse(),
    );
    this.seeds = seeds.filter(({ predictions }) => isAlike(predictions, this.#first));
    this.vocabulary = vocabulary;
  }

  get kind() {
    return this.#first.kind;
  }

  get count(): number {
    return this.#first.count;
  }

  get classes(): readonly string[] {
    return this.#first.classes;
  }

  /** The examples' numbers. */
  get indices(): Float64Array {
    return this.#first.indices;
  }

  get targets(): Float64Array {
    return this.#first.targets;
  }

  /** The place of the example with a number; −1 if there is none. */
  placeOf(index: number): number {
    return this.#places.get(index) ?? -1;
  }

  /** A target or a prediction as text; null where there is none. */
  text(value: number): string | null {
    if (this.kind === 'values') return Number.isNaN(value) ? null : String(value);
    return this.vocabulary.text(value);
  }

  /** What is seen of one seed, or of all together. @param seed null for all */
  view(seed: string | null): ExampleView {
    return new ExampleView(this, seed);
  }
}

function isAlike(one: RunPredictions, other: RunPredictions): boolean {
  return (
    one.kind === other.kind &&
    one.count === other.count &&
    one.indices.every((index, i) => index === other.indices[i]) &&
    one.targets.every((target, i) => Object.is(target, other.targets[i]))
  );
}

/** The examples as one seed or all seeds together predict them, with figures for each. */
export class ExampleView {
  readonly table: ExampleTable;
  /** Those that are looked at. */
  readonly seeds: readonly SeedPredictions[];
  /** Of classes and answers the most frequent one, of values the mean. */
  readonly predictions: Float64Array;
  /** Means over the seeds; the probability is that of the prediction above, over the seeds that make it. */
  readonly probabilities: Float64Array;
  readonly losses: Float64Array;
  /** How many of the seeds that are looked at are right. */
  readonly right: Uint16Array;
  /** How many of all seeds predict the same. */
  readonly agreement: Uint16Array;
  /** Of values, over all seeds; NaN for fewer than two. */
  readonly spread: Float64Array;

  constructor(table: ExampleTable, seed: string | null) {
    this.table = table;
    const own = table.seeds.filter((it) => it.seed === seed);
    this.seeds = own.length > 0 ? own : table.seeds;
    const { count } = table;
    const meanOf = (column: 'losses' | 'predictions', place: number) =>
      this.seeds.reduce((sum, { predictions }) => sum + predictions[column][place]!, 0) /
      this.seeds.length;
    const places = Array.from({ length: count }, (_, place) => place);
    this.losses = Float64Array.from(places, (place) => meanOf('losses', place));
    this.predictions =
      table.kind === 'values'
        ? Float64Array.from(places, (place) => meanOf('predictions', place))
        : Float64Array.from(places, (place) => this.answers(place)[0]!.value);
    this.probabilities = Float64Array.from(places, (place) => this.#probability(place));
    this.right = Uint16Array.from(places, (place) => countRight(this.seeds, place));
    this.agreement = Uint16Array.from(places, (place) => {
      const shown = this.predictions[place]!;
      return table.seeds.filter(({ predictions }) =>
        Object.is(predictions.predictions[place]!, shown),
      ).length;
    });
    const isSpread = table.kind === 'values' && table.seeds.length > 1;
    this.spread = isSpread
      ? Float64Array.from(places, (place) =>
          sampleStandardDeviation(
            table.seeds.map(({ predictions }) => predictions.predictions[place]!),
          ),
        )
      : new Float64Array(count).fill(Number.NaN);
  }

  /** What the seeds predict of an example, and how many of them; the most frequent first, of equally frequent the first seed's. */
  answers(place: number): { readonly value: number; readonly seeds: number }[] {
    const counts = new Map<number, number>();
    for (const { predictions } of this.seeds) {
      const value = predictions.predictions[place]!;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return [...counts]
      .map(([value, seeds]) => ({ value, seeds }))
      .sort((a, b) => b.seeds - a.seeds);
  }

  /** Whether seeds differ on an example: of all, or with the one that is looked at. */
  isDisputed(place: number): boolean {
    return this.agreement[place]! < this.table.seeds.length;
  }

  /** Examples that some seed gets wrong, that all do, and on which seeds differ. */
  get counts(): { wrong: number; alwaysWrong: number; disputed: number } {
    const counts = { wrong: 0, alwaysWrong: 0, disputed: 0 };
    for (let place = 0; place < this.table.count; place++) {
      if (this.fits(place, 'wrong')) counts.wrong++;
      if (this.fits(place, 'alwaysWrong')) counts.alwaysWrong++;
      if (this.fits(place, 'disputed')) counts.disputed++;
    }
    return counts;
  }

  fits(place: number, only: Only): boolean {
    switch (only) {
      case 'all':
        return true;
      case 'wrong':
        return this.right[place]! < this.seeds.length;
      case 'alwaysWrong':
        return this.right[place] === 0;
      case 'disputed':
        return this.isDisputed(place);
    }
  }

  /**
   * Places of the examples of a selection, in its order; what has no value comes last.
   *
   * @param groupOf the group of the example with a number
   */
  select(
    { only, target, prediction, group, sort }: Selection,
    groupOf: (index: number) => string | null,
  ): Int32Array {
    const { table } = this;
    const isSeen = (place: number) =>
      (table.kind === 'values' || this.fits(place, only)) &&
      (target === null || table.text(table.targets[place]!) === target) &&
      (prediction === null ||
        this.seeds.some(
          ({ predictions }) => table.text(predictions.predictions[place]!) === prediction,
        )) &&
      (group === null || groupOf(table.indices[place]!) === group);
    const places = Int32Array.from({ length: table.count }, (_, place) => place).filter(isSeen);
    const keys = this.#keys(sort.by, groupOf);
    const sign = sort.descending ? -1 : 1;
    return places.sort((a, b) => {
      const [x, y] = [keys[a]!, keys[b]!];
      if (Number.isNaN(x) || Number.isNaN(y)) {
        return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
      }
      return sign * (x - y) || a - b;
    });
  }

  #keys(by: Key, groupOf: (index: number) => string | null): ArrayLike<number> {
    switch (by) {
      case 'index':
        return this.table.indices;
      case 'target':
        return this.table.targets;
      case 'prediction':
        return this.predictions;
      case 'probability':
        return this.probabilities;
      case 'loss':
        return this.losses;
      case 'agreement':
        return this.agreement;
      case 'right':
        return this.right;
      case 'spread':
        return this.spread;
      case 'group':
        return ranks(Array.from(this.table.indices, groupOf));
    }
  }

  #probability(place: number): number {
    const shown = this.predictions[place]!;
    const own = this.seeds.filter(({ predictions }) =>
      Object.is(predictions.predictions[place]!, shown),
    );
    return (
      own.reduce((sum, { predictions }) => sum + predictions.probabilities[place]!, 0) / own.length
    );
  }
}

function countRight(seeds: readonly SeedPredictions[], place: number): number {
  return seeds.filter(({ predictions }) => predictions.right[place] === 1).length;
}

/** Texts by their place in the alphabet; NaN for none. */
function ranks(texts: readonly (string | null)[]): number[] {
  const sorted = [...new Set(texts.filter((text) => text !== null))].sort();
  const rank = new Map(sorted.map((text, i) => [text, i]));
  return texts.map((text) => (text === null ? Number.NaN : rank.get(text)!));
}
