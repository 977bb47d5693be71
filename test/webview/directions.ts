/** The direction of a step from its gradients, as a trainer takes it, with the facts that it logs of it. */
import { aggregate } from '../../src/engine/aggregate.ts';
import { gradDrop } from '../../src/engine/aggregators/graddrop.ts';
import { StreamingMinNorm } from '../../src/engine/aggregators/grainStreaming.ts';
import { aggregatorNamed } from '../../src/engine/aggregators/registry.ts';
import { aggregateBlocks, type BlockMemory } from '../../src/engine/blocks.ts';
import { gramOf, packGram } from '../../src/engine/gram.ts';
import type {
  AggregationSettings,
  AggregatorChoice,
  AggregatorName,
  MeasuredVector,
  Memory,
} from '../../src/engine/types.ts';
import type { ArrivalFacts, StepEvent } from '../../src/runs/events.ts';

/** Parameter blocks of every descent: name and end. */
const BLOCKS = [
  ['embedding', 6],
  ['conv1/kernel', 14],
  ['conv1/bias', 16],
  ['conv2/kernel', 36],
  ['conv2/bias', 40],
  ['dense/kernel', 64],
] as const;

export interface Gradients {
  readonly gradients: readonly Float32Array[];
  /** Identity of each group across steps. */
  readonly groups: readonly number[];
  /** P, the diagonal in whose metric inner products are computed. */
  readonly scale: Float64Array;
  readonly step: number;
}

export interface Direction {
  readonly d: Float64Array;
  readonly facts: Pick<StepEvent, 'gram' | 'weights' | 'blocks' | 'direct' | 'streaming'>;
}

/** One for each run: it remembers what the aggregator carries from step to step. */
export function directions({
  name,
  parameters,
  smoothing,
}: AggregationSettings<string>): (problem: Gradients) => Direction {
  const choice = { name: name as AggregatorName, parameters, smoothing };
  switch (aggregatorNamed(choice.name).decidedBy) {
    case 'gram':
      return byGram(choice);
    case 'block-grams':
      return byBlocks(choice);
    case 'arrival':
      return byArrival;
    case 'coordinates':
      return byCoordinates(parameters.leak ?? 0);
  }
}

function byGram(choice: AggregatorChoice): (problem: Gradients) => Direction {
  let memory: Memory | undefined;
  return ({ gradients, groups, scale, step }) => {
    const gram = gramOf(
      gradients.map((gradient) => gradient.map((value, j) => value * Math.sqrt(scale[j]!))),
    );
    const answer = aggregate({ gram, groups, seed: step, ...(memory && { memory }) }, choice);
    memory = answer.memory;
    const weights = [...answer.weights];
    return {
      d: weighted(gradients, weights),
      facts: { gram: packGram(gram, groups.length), weights },
    };
  };
}

function byBlocks(choice: AggregatorChoice): (problem: Gradients) => Direction {
  let memory: BlockMemory | undefined;
  return ({ gradients, groups }) => {
    const k = groups.length;
    const parts = BLOCKS.map(([name, end], b) => {
      const rows = gradients.map((gradient) => gradient.subarray(BLOCKS[b - 1]?.[1] ?? 0, end));
      return { name, rows, gram: gramOf(rows) };
    });
    const answer = aggregateBlocks(parts, { groups, ...(memory && { memory }) }, choice);
    memory = answer.memory;
    const weights = answer.blocks.map((block) => [...block.weights]);
    const traces = parts.map(({ gram }) => groups.reduce((sum, _, i) => sum + gram[i * k + i]!, 0));
    const total = traces.reduce((a, b) => a + b);
    return {
      d: Float64Array.from(parts.flatMap(({ rows }, b) => [...weighted(rows, weights[b]!)])),
      facts: {
        gram: packGram(gramOf(gradients), k),
        weights: groups.map((_, i) =>
          weights.reduce((sum, ofBlock, b) => sum + (ofBlock[i]! * traces[b]!) / total, 0),
        ),
        blocks: parts.map(({ name, gram }, b) => ({
          name,
          gram: packGram(gram, k),
          weights: weights[b]!,
        })),
      },
    };
  };
}

function byArrival({ gradients }: Gradients): Direction {
  const stream = new StreamingMinNorm();
  let d = new Float64Array(gradients[0]!.length);
  const streaming = gradients.map((gradient): ArrivalFacts => {
    const { norm2: dd, inner } = measured(d, [gradient]);
    const gg = dot(Float64Array.from(gradient), gradient);
    const t = stream.arrive({ dd: dd!, dg: inner[0]!, gg });
    d = d.map((value, j) => (1 - t) * value + t * gradient[j]!);
    return { inner: inner[0]!, norm2: gg, weights: [...stream.weights], direction2: dot(d, d) };
  });
  return { d, facts: { gram: null, weights: [...stream.weights], streaming } };
}

function byCoordinates(leak: number): (problem: Gradients) => Direction {
  return ({ gradients, step }) => {
    const d = gradDrop(gradients, leak, step);
    const gram = packGram(gramOf(gradients), gradients.length);
    return { d, facts: { gram, weights: null, direct: measured(d, gradients) } };
  };
}

/** A vector by its inner products with itself and the gradients. */
export function measured(v: Float64Array, gradients: readonly Float32Array[]): MeasuredVector {
  return { norm2: dot(v, v), inner: gradients.map((gradient) => dot(v, gradient)) };
}

function weighted(rows: readonly Float32Array[], weights: readonly number[]): Float64Array {
  return Float64Array.from(rows[0]!, (_, j) =>
    rows.reduce((sum, row, i) => sum + weights[i]! * row[j]!, 0),
  );
}

function dot(a: Float64Array, b: Float64Array | Float32Array): number {
  return a.reduce((sum, value, j) => sum + value * b[j]!, 0);
}
