/**
 * A small fine-tuning in miniature whose facts are real: k groups pull one parameter vector towards optima of their own,
 * by noisy gradients that the engine aggregates. Everything the panels get comes from these steps by the product's own code.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { aggregate } from '../../src/engine/aggregate.ts';
import { gramOf, packGram } from '../../src/engine/gram.ts';
import type { AggregatorName } from '../../src/engine/types.ts';
import type { StepEvent } from '../../src/runs/events.ts';

const DIMENSION = 64;

export interface Descent {
  readonly steps: readonly StepEvent[];
  /** Distance of the parameters to the groups' optima, squared and halved, every 25 steps: mean and worst over groups. */
  readonly validations: readonly {
    readonly step: number;
    readonly loss: number;
    readonly worst: number;
  }[];
}

export interface DescentOptions {
  readonly aggregator: AggregatorName;
  readonly seed: number;
  readonly groups: number;
  readonly steps: number;
  /** Every third step lacks the last group. */
  readonly lastIsRare?: boolean;
}

export function descend({
  aggregator,
  seed,
  groups,
  steps,
  lastIsRare = false,
}: DescentOptions): Descent {
  const task = gaussian(1);
  const optima = Array.from({ length: groups }, (_, i) =>
    // One group is far from the others, as a rare class is.
    Float64Array.from({ length: DIMENSION }, () => 0.4 + (i === 0 ? 1.6 : 0.8) * task()),
  );
  const random = gaussian(1000 + seed);
  const parameters = Float64Array.from({ length: DIMENSION }, () => 1.5 * random());
  const log: StepEvent[] = [];
  const validations: Descent['validations'][number][] = [];
  for (let step = 1; step <= steps; step++) {
    const present = optima
      .map((_, i) => i)
      .filter((i) => !(lastIsRare && i === groups - 1 && step % 3 === 0));
    const gradients = present.map((i) =>
      Float32Array.from(parameters, (value, j) => value - optima[i]![j]! + 0.9 * random()),
    );
    const gram = gramOf(gradients);
    const { weights } = aggregate({ gram }, aggregator);
    const learningRate = 0.3;
    log.push({
      kind: 'step',
      at: step,
      step,
      learningRate,
      groups: present,
      sizes: present.map(() => 4),
      losses: present.map((i) => halfDistance2(parameters, optima[i]!)),
      gram: packGram(gram, present.length),
      weights: [...weights],
      ms: { gradients: 1, aggregate: 1, update: 1 },
    });
    for (let j = 0; j < DIMENSION; j++) {
      const direction = gradients.reduce((sum, gradient, i) => sum + weights[i]! * gradient[j]!, 0);
      parameters[j] = parameters[j]! - learningRate * direction;
    }
    if (step % 25 === 0) {
      const losses = optima.map((optimum) => halfDistance2(parameters, optimum));
      const loss = losses.reduce((a, b) => a + b) / groups;
      validations.push({ step, loss, worst: Math.max(...losses) });
    }
  }
  return { steps: log, validations };
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
