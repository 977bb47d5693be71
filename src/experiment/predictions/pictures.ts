/** What predictions look like together: classes against classes, values against targets. */
import type { ExampleView } from './exampleTable.ts';

export interface Confusion {
  readonly classes: readonly string[];
  /** A row for each target, a column for each prediction; empty where there are too many classes for a table. */
  readonly counts: readonly (readonly number[])[];
  /** The most frequent mistakes. */
  readonly mistakes: readonly {
    readonly target: string;
    readonly prediction: string;
    readonly count: number;
  }[];
}

/** More classes than this are no table that anybody reads. */
const MOST_CLASSES = 24;
const MISTAKES = 10;

/** How often each class is predicted for each, over all seeds of the view. */
export function confusionOf({ table, seeds }: ExampleView): Confusion {
  const { classes, targets, count } = table;
  const k = classes.length;
  const counts = new Map<number, number>();
  for (const { predictions } of seeds) {
    for (let place = 0; place < count; place++) {
      const [target, prediction] = [targets[place]!, predictions.predictions[place]!];
      // Classes have the first codes; no prediction has none.
      if (!(target < k && prediction < k)) continue;
      const cell = target * k + prediction;
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
    }
  }
  const mistakes = [...counts]
    .map(([cell, number]) => ({ target: Math.floor(cell / k), prediction: cell % k, number }))
    .filter(({ target, prediction }) => target !== prediction)
    .sort((a, b) => b.number - a.number || a.target - b.target || a.prediction - b.prediction)
    .slice(0, MISTAKES)
    .map(({ target, prediction, number }) => ({
      target: classes[target]!,
      prediction: classes[prediction]!,
      count: number,
    }));
  const isTable = k <= MOST_CLASSES;
  return {
    classes,
    counts: isTable
      ? classes.map((_, row) => classes.map((_, column) => counts.get(row * k + column) ?? 0))
      : [],
    mistakes,
  };
}

export interface Scatter {
  /** Edge of a square; 0 where each point is one example. */
  readonly square: number;
  readonly points: readonly {
    readonly target: number;
    readonly prediction: number;
    readonly examples: number;
    /** The worst predicted one. */
    readonly index: number;
  }[];
}

/** More examples than this are drawn as squares. */
const MOST_POINTS = 4000;
/** Squares along an axis. */
const SQUARES = 120;

/** Predictions of values against their targets; every example is in a point, so none is lost among many. */
export function scatterOf({ table, predictions, losses }: ExampleView): Scatter {
  const { targets, indices, count } = table;
  const known = Array.from({ length: count }, (_, place) => place).filter((place) =>
    Number.isFinite(predictions[place]! - targets[place]!),
  );
  if (known.length <= MOST_POINTS) {
    return {
      square: 0,
      points: known.map((place) => ({
        target: targets[place]!,
        prediction: predictions[place]!,
        examples: 1,
        index: indices[place]!,
      })),
    };
  }
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const place of known) {
    least = Math.min(least, targets[place]!, predictions[place]!);
    most = Math.max(most, targets[place]!, predictions[place]!);
  }
  const square = (most - least) / SQUARES || 1;
  const worst = new Map<string, { place: number; examples: number }>();
  for (const place of known) {
    const at = [targets[place]!, predictions[place]!].map((value) =>
      Math.min(SQUARES - 1, Math.floor((value - least) / square)),
    );
    const key = at.join();
    const before = worst.get(key) ?? { place, examples: 0 };
    const isWorse = losses[place]! > losses[before.place]!;
    worst.set(key, { place: isWorse ? place : before.place, examples: before.examples + 1 });
  }
  return {
    square,
    points: [...worst].map(([key, { place, examples }]) => {
      const [x, y] = key.split(',').map((at) => least + (Number(at) + 0.5) * square);
      return { target: x!, prediction: y!, examples, index: indices[place]! };
    }),
  };
}
