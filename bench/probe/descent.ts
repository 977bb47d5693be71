/**
 * Trains a small network with the engine's aggregators in plain float64 code, a tenth of a second a run. It logs what every
 * trainer logs.
 */
import { sampleRankCorrelation } from 'simple-statistics';
import { aggregate } from '../../src/engine/aggregate.ts';
import { packGram } from '../../src/engine/gram.ts';
import { guard } from '../../src/engine/guard.ts';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { shuffle } from '../../src/engine/seededRandom.ts';
import type { AggregatorName, Problem } from '../../src/engine/types.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { type Example, Network } from './network.ts';
import { descentOf, type Optimizer } from './optimizers.ts';

export interface Task {
  /** Names of the classes; null: a regression. */
  readonly classes: readonly string[] | null;
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly groups: { readonly by: string; readonly names: readonly string[] };
  readonly optimizer: Optimizer;
  readonly batchSize: number;
}

const STEPS = 150;
const HIDDEN = 32;
const WARMUP = 0.1;
/** Of ‖Δ‖‖gᵢ‖: smaller losses of a group are rounding. */
const ROUNDING = 1e-9;

/** How steps are made of the groups' gradients, in one run. */
export interface Method {
  /** Weights of d, from the Gram matrix in the metric. */
  weigh(problem: Problem): ArrayLike<number>;
  /** Default: Euclidean. */
  readonly metric?: 'preconditioned';
  /** Share of ‖Δ‖‖gᵢ‖ that a group may lose; without it the update is not corrected. */
  readonly guard?: number;
}

/** @returns accuracy, or Spearman's correlation of a regression, and the log's steps */
export function descend(
  task: Task,
  method: AggregatorName | Method,
  seed: number,
): { readonly metric: number; readonly steps: readonly StepEvent[] } {
  const shape = {
    features: task.train[0]!.features.length,
    hidden: HIDDEN,
    classes: task.classes?.length ?? null,
  };
  const network = new Network(shape, keyedRandom('bench probe network', seed));
  const optimizer = descentOf(task.optimizer, network.parameters.length);
  const {
    weigh,
    metric,
    guard: share,
  } = typeof method === 'string' ? aggregatorOf(method) : method;
  const batches = batchesOf(task, seed);
  const steps = Array.from({ length: STEPS }, (_, i) => {
    const step = i + 1;
    const groups = groupsOf(batches.next().value!, task);
    const present = [...groups.keys()].sort((one, other) => one - other);
    const parts = present.map((group) => groups.get(group)!);
    const measured = parts.map((part) => network.gradient(part));
    const gradients = measured.map(({ gradient }) => gradient);
    const sizes = parts.map(({ length }) => length);
    const total = sizes.reduce((sum, size) => sum + size);
    const root =
      metric &&
      optimizer.prepare!(
        gradients,
        sizes.map((size) => size / total),
        step,
      );
    const gram = gramOf(
      root ? gradients.map((g) => g.map((value, p) => value * root[p]!)) : gradients,
    );
    const weights = weigh({ gram, sizes, groups: present, seed: step });
    const learningRate = scheduled(task.optimizer.learningRate, step);
    const proposed = optimizer.change(combined(gradients, weights), learningRate, step);
    const change = share === undefined ? proposed : guarded(proposed, { gradients, gram }, share);
    network.subtract(change);
    const norm2 = inner(change, change);
    return {
      kind: 'step' as const,
      at: step,
      step,
      learningRate,
      groups: present,
      sizes,
      losses: measured.map(({ loss }) => loss),
      gram: packGram(gram, present.length),
      weights: Array.from(weights),
      update: {
        norm2,
        inner: gradients.map((g) => inner(g, change)),
        rounding: ROUNDING * Math.sqrt(norm2),
      },
      ms: { gradients: 0, aggregate: 0, update: 0 },
    };
  });
  return { metric: validated(network, task), steps };
}

/** An aggregator of the engine as it comes. */
function aggregatorOf(name: AggregatorName): Method {
  return { weigh: (problem) => aggregate(problem, name).weights };
}

/** The nearest change in which no group loses more than the share. */
function guarded(
  change: Float64Array,
  { gradients, gram }: { readonly gradients: readonly Float64Array[]; readonly gram: Float64Array },
  share: number,
): Float64Array {
  const k = gradients.length;
  const norm2 = inner(change, change);
  const { multipliers } = guard({
    gram,
    inner: gradients.map((gradient) => inner(gradient, change)),
    norm2,
    allowed: gradients.map((_, i) => share * Math.sqrt(norm2 * gram[i * k + i]!)),
  });
  const correction = combined(gradients, multipliers);
  return change.map((value, p) => value + correction[p]!);
}

/** Linear warm-up and linear decay, as in the examples. */
function scheduled(peak: number, step: number): number {
  const warmup = WARMUP * STEPS;
  return peak * (step <= warmup ? step / warmup : (STEPS - step) / (STEPS - warmup));
}

/** Epoch after epoch in a new order; a batch may reach into the next epoch. */
function* batchesOf({ train, batchSize }: Task, seed: number): Generator<Example[], never> {
  let rest: number[] = [];
  for (let epoch = 0; ; ) {
    const batch: Example[] = [];
    while (batch.length < batchSize) {
      if (rest.length === 0) {
        rest = shuffle([...train.keys()], keyedRandom('bench probe order', seed, epoch++));
      }
      batch.push(train[rest.pop()!]!);
    }
    yield batch;
  }
}

function groupsOf(batch: readonly Example[], { groups: { by, names } }: Task) {
  const groups = new Map<number, Example[]>();
  for (const [i, example] of batch.entries()) {
    const group = groupOf(example, by) ?? Math.floor((i * names.length) / batch.length);
    const others = groups.get(group);
    if (others) others.push(example);
    else groups.set(group, [example]);
  }
  return groups;
}

/** Undefined for parts of a batch. */
function groupOf({ target, source }: Example, by: string): number | undefined {
  if (by === 'label') return target;
  return by.startsWith('column:') ? source : undefined;
}

function gramOf(gradients: readonly Float64Array[]): Float64Array {
  const k = gradients.length;
  const gram = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    for (let j = i; j < k; j++) {
      gram[i * k + j] = inner(gradients[i]!, gradients[j]!);
      gram[j * k + i] = gram[i * k + j]!;
    }
  }
  return gram;
}

function combined(gradients: readonly Float64Array[], weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(gradients[0]!.length);
  for (const [i, gradient] of gradients.entries()) {
    const weight = weights[i]!;
    for (let p = 0; p < sum.length; p++) sum[p]! += weight * gradient[p]!;
  }
  return sum;
}

function inner(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let p = 0; p < one.length; p++) sum += one[p]! * other[p]!;
  return sum;
}

function validated(network: Network, { classes, validation }: Task): number {
  const targets = validation.map(({ target }) => target);
  const outputs = validation.map((example) => network.outputs(example));
  if (classes === null)
    return sampleRankCorrelation(
      outputs.map(([value]) => value!),
      targets,
    );
  const right = outputs.filter((logits, i) => logits.indexOf(Math.max(...logits)) === targets[i]);
  return right.length / targets.length;
}
