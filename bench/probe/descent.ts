/**
 * Trains a small network with the engine's aggregators in plain float64 code, a tenth of a second a run. It logs what every
 * trainer logs.
 */
import { sampleRankCorrelation } from 'simple-statistics';
import { aggregate } from '../../src/engine/aggregate.ts';
import { packGram } from '../../src/engine/gram.ts';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { shuffle } from '../../src/engine/seededRandom.ts';
import type { AggregatorName } from '../../src/engine/types.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { type Example, Network } from './network.ts';

export interface Optimizer {
  readonly name: 'adamw' | 'sgd';
  readonly learningRate: number;
  readonly momentum: number;
}

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

/** @returns accuracy, or Spearman's correlation of a regression, and the log's steps */
export function descend(
  task: Task,
  aggregator: AggregatorName,
  seed: number,
): { readonly metric: number; readonly steps: readonly StepEvent[] } {
  const shape = {
    features: task.train[0]!.features.length,
    hidden: HIDDEN,
    classes: task.classes?.length ?? null,
  };
  const network = new Network(shape, keyedRandom('bench probe network', seed));
  const update = updateOf(task.optimizer, network.parameters.length);
  const batches = batchesOf(task, seed);
  const steps = Array.from({ length: STEPS }, (_, i) => {
    const step = i + 1;
    const groups = groupsOf(batches.next().value!, task);
    const present = [...groups.keys()].sort((one, other) => one - other);
    const parts = present.map((group) => groups.get(group)!);
    const measured = parts.map((part) => network.gradient(part));
    const gradients = measured.map(({ gradient }) => gradient);
    const gram = gramOf(gradients);
    const sizes = parts.map(({ length }) => length);
    const { weights } = aggregate({ gram, sizes, seed: step }, aggregator);
    const learningRate = scheduled(task.optimizer.learningRate, step);
    const change = update(combined(gradients, weights), learningRate, step);
    network.subtract(change);
    return {
      kind: 'step' as const,
      at: step,
      step,
      learningRate,
      groups: present,
      sizes,
      losses: measured.map(({ loss }) => loss),
      gram: packGram(gram, present.length),
      weights: [...weights],
      update: { norm2: inner(change, change), inner: gradients.map((g) => inner(g, change)) },
      ms: { gradients: 0, aggregate: 0, update: 0 },
    };
  });
  return { metric: validated(network, task), steps };
}

/** Linear warm-up and linear decay, as in the examples. */
function scheduled(peak: number, step: number): number {
  const warmup = WARMUP * STEPS;
  return peak * (step <= warmup ? step / warmup : (STEPS - step) / (STEPS - warmup));
}

/** What an optimizer makes of gradients, one after another. The result is overwritten by the next call. */
function updateOf({ name, momentum }: Optimizer, length: number) {
  const first = new Float64Array(length);
  const second = new Float64Array(length);
  const change = new Float64Array(length);
  const sgd = (gradient: Float64Array, learningRate: number): Float64Array => {
    for (let p = 0; p < length; p++) {
      first[p] = momentum * first[p]! + gradient[p]!;
      change[p] = learningRate * first[p]!;
    }
    return change;
  };
  const adamw = (gradient: Float64Array, learningRate: number, step: number): Float64Array => {
    const [beta1, beta2] = [0.9, 0.999];
    const rate = learningRate / (1 - beta1 ** step);
    const correction = 1 - beta2 ** step;
    for (let p = 0; p < length; p++) {
      const slope = gradient[p]!;
      first[p] = beta1 * first[p]! + (1 - beta1) * slope;
      second[p] = beta2 * second[p]! + (1 - beta2) * slope * slope;
      change[p] = (rate * first[p]!) / (Math.sqrt(second[p]! / correction) + 1e-8);
    }
    return change;
  };
  return name === 'sgd' ? sgd : adamw;
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

function combined(gradients: readonly Float64Array[], weights: Float64Array): Float64Array {
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
