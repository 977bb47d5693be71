import type { ReplyOf } from '../../backends/torch/messages.ts';
import type { TorchProcess } from '../../backends/torch/torchProcess.ts';
import type { MeasuredVector } from '../../engine/types.ts';
import type { LearnerOptions, PendingStep, UpdateFacts } from '../learner.ts';
import type { StepMeter } from '../stepMeter.ts';
import { type Change, guardChange } from '../update/guardedChange.ts';
import { row } from './torchNetwork.ts';

/** What was decided of a step whose gradients are in the child. */
export type Decision = Omit<PendingStep, 'update' | 'dispose'> & {
  /** Weights: blocks × k; null: the step follows the direction that the child has made. */
  readonly rows: Float64Array | null;
};

/** A step whose gradients wait in the child for the update. */
export class TorchStep implements PendingStep {
  readonly losses: Float32Array;
  readonly gram: PendingStep['gram'];
  readonly weights: PendingStep['weights'];
  readonly blocks?: NonNullable<PendingStep['blocks']>;
  readonly direct?: NonNullable<PendingStep['direct']>;
  readonly streaming?: NonNullable<PendingStep['streaming']>;
  readonly warnings: PendingStep['warnings'];
  readonly #process: TorchProcess;
  readonly #options: LearnerOptions;
  readonly #rows: Decision['rows'];
  readonly #meter: StepMeter;
  readonly #averageShare: number;

  constructor(
    process: TorchProcess,
    options: LearnerOptions,
    { losses, gram, weights, blocks, direct, streaming, warnings, rows }: Decision,
    meter: StepMeter,
    averageShare: number,
  ) {
    this.#process = process;
    this.#options = options;
    this.losses = losses;
    this.gram = gram;
    this.weights = weights;
    if (blocks) this.blocks = blocks;
    if (direct) this.direct = direct;
    if (streaming) this.streaming = streaming;
    this.warnings = warnings;
    this.#rows = rows;
    this.#meter = meter;
    this.#averageShare = averageShare;
  }

  async update(learningRate: number): Promise<UpdateFacts> {
    const { config, aggregation } = this.#options;
    const k = this.losses.length;
    const most = config.optimizer.maxGradNorm;
    const reply = await this.#process.call('update', {
      weights: this.#rows && { shape: [this.#rows.length / k, k], values: this.#rows },
      learningRate,
      maxGradNorm: most ?? null,
      averageShare: this.#averageShare,
    });
    this.#meter.observe(reply.memory);
    const { clippedNorm: norm } = reply;
    const clipping = norm !== null && {
      clipping: { norm, factor: most! / (norm + 1e-6) },
    };
    // The gradients of the groups were never in memory together: there is nothing to measure against.
    if (this.gram === null) return { ...clipping, update: null };
    const change = new TorchChange(this.#process, reply);
    if (aggregation.guard !== null) {
      return { ...clipping, ...(await guardChange(change, this.gram, aggregation.guard)) };
    }
    const [measured, rounding] = [await change.measure(), await change.rounding()];
    return { ...clipping, update: { ...measured, rounding } };
  }

  async dispose(): Promise<void> {
    await this.#process.call('discard', {});
  }
}

/** The update that the child made, as it measured it. */
class TorchChange implements Change {
  readonly #process: TorchProcess;
  #inner: number[];
  #norm2: number;
  #inMetric: number;
  #rounding: number;

  constructor(process: TorchProcess, reply: ReplyOf<'correct'>) {
    this.#process = process;
    this.#inner = Array.from(reply.inner.values);
    [this.#norm2, this.#inMetric, this.#rounding] = numbersOf(reply);
  }

  async measure(): Promise<MeasuredVector> {
    return { norm2: this.#norm2, inner: this.#inner };
  }

  async norm2InMetric(): Promise<number> {
    return this.#inMetric;
  }

  async rounding(): Promise<number> {
    return this.#rounding;
  }

  async add(multipliers: Float64Array): Promise<void> {
    const reply = await this.#process.call('correct', { multipliers: row(multipliers) });
    this.#inner = Array.from(reply.inner.values);
    [this.#norm2, this.#inMetric, this.#rounding] = numbersOf(reply);
  }
}

function numbersOf({ numbers }: ReplyOf<'correct'>): [number, number, number] {
  const [norm2, inMetric, rounding] = numbers.values;
  return [norm2!, inMetric!, rounding!];
}
