/**
 * A small fine-tuning in miniature whose facts are real: k groups pull one parameter vector towards their own optima,
 * by noisy gradients that the engine aggregates. Everything the panels get comes from these steps by the product's own code.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { aggregatorNamed } from '../../src/engine/aggregators/registry.ts';
import type { AggregationSettings, AggregatorName } from '../../src/engine/types.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { directions, measured } from './directions.ts';

const DIMENSION = 64;
const LEARNING_RATE = 0.3;

export interface Descent {
  readonly aggregation: AggregationSettings<string>;
  readonly steps: readonly StepEvent[];
  /** Distance of the parameters to the groups' optima, squared and halved, every 25 steps: mean and worst over groups. */
  readonly validations: readonly {
    readonly step: number;
    readonly loss: number;
    readonly worst: number;
  }[];
}

/** An aggregator, and what is set otherwise than usual. */
export interface Asked {
  readonly aggregator: AggregatorName;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly metric?: AggregationSettings<string>['metric'];
  readonly smoothing?: number;
}

export interface DescentOptions extends Asked {
  readonly seed: number;
  readonly groups: number;
  readonly steps: number;
  /** Every third step lacks the last group. */
  readonly lastIsRare?: boolean;
  /** Share of the previous update that is added to the next. */
  readonly momentum?: number;
  /** Standard deviation of the gradients' entries; without noise a descent comes to a halt. */
  readonly noise?: number;
}

export function descend(options: DescentOptions): Descent {
  const { seed, groups, steps, lastIsRare = false, momentum = 0, noise = 0.9 } = options;
  const aggregation = aggregationOf(options);
  const isPreconditioned = aggregation.metric === 'preconditioned';
  const task = gaussian(1);
  const optima = Array.from({ length: groups }, (_, i) =>
    // One group is far from the others, as a rare class is.
    Float64Array.from({ length: DIMENSION }, () => 0.4 + (i === 0 ? 1.6 : 0.8) * task()),
  );
  const random = gaussian(1000 + seed);
  const parameters = Float64Array.from({ length: DIMENSION }, () => 1.5 * random());
  const velocity = new Float64Array(DIMENSION);
  const squares = new Float64Array(DIMENSION).fill(1);
  const direction = directions(aggregation);
  const log: StepEvent[] = [];
  const validations: Descent['validations'][number][] = [];
  for (let step = 1; step <= steps; step++) {
    const present = optima
      .map((_, i) => i)
      .filter((i) => !(lastIsRare && i === groups - 1 && step % 3 === 0));
    const gradients = present.map((i) =>
      Float32Array.from(parameters, (value, j) => value - optima[i]![j]! + noise * random()),
    );
    const losses = present.map((i) => halfDistance2(parameters, optima[i]!));
    // The diagonal of RMSprop, known before the gradients of the step.
    const scale = squares.map((square) => (isPreconditioned ? 1 / Math.sqrt(square) : 1));
    const { d, facts } = direction({ gradients, groups: present, scale, step });
    const update = new Float64Array(DIMENSION);
    for (let j = 0; j < DIMENSION; j++) {
      velocity[j] = momentum * velocity[j]! + scale[j]! * d[j]!;
      update[j] = LEARNING_RATE * velocity[j]!;
      parameters[j]! -= update[j]!;
      squares[j] = 0.95 * squares[j]! + 0.05 * d[j]! ** 2;
    }
    log.push({
      kind: 'step',
      at: step,
      step,
      learningRate: LEARNING_RATE,
      groups: present,
      sizes: present.map(() => 4),
      losses,
      ...facts,
      // Computed one after another, or block by block, the gradients no longer exist at the time of the update.
      update: facts.streaming || facts.blocks ? null : updateFacts(update, gradients, parameters),
      ms: { gradients: 1, aggregate: 1, update: 1 },
    });
    if (step % 25 === 0) {
      const distances = optima.map((optimum) => halfDistance2(parameters, optimum));
      const loss = distances.reduce((a, b) => a + b) / groups;
      validations.push({ step, loss, worst: Math.max(...distances) });
    }
  }
  return { aggregation, steps: log, validations };
}

/** @throws RangeError for parameters that the aggregator does not have */
function aggregationOf({
  aggregator,
  parameters,
  metric,
  smoothing,
}: Asked): AggregationSettings<string> {
  return {
    name: aggregator,
    parameters: {
      ...Object.fromEntries(
        Object.entries(aggregatorNamed(aggregator).parameters).map(([name, of]) => [
          name,
          of.default,
        ]),
      ),
      ...parameters,
    },
    metric: metric ?? 'euclidean',
    smoothing: smoothing ?? 0,
    zeroGroups: 'drop',
    guard: null,
  };
}

/** As the trainer logs it: what float32 would have rounded away counts as no conflict. */
function updateFacts(
  update: Float64Array,
  gradients: readonly Float32Array[],
  parameters: Float64Array,
): NonNullable<StepEvent['update']> {
  return { ...measured(update, gradients), rounding: 2 ** -24 * Math.hypot(...parameters) };
}

function halfDistance2(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + 0.5 * (value - b[j]!) ** 2, 0);
}

/** Standard normal numbers, by Box and Muller. */
function gaussian(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  return () =>
    Math.sqrt(-2 * Math.log(1 - uniformFloat64(random))) *
    Math.cos(2 * Math.PI * uniformFloat64(random));
}
