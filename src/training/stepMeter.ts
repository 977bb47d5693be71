import * as tf from '@tensorflow/tfjs-core';
import type {
  GradientSource,
  GroupGradient,
  SeparateSource,
  VariableSink,
} from '../nn/module/gradientSource.ts';
import type { StepEvent } from '../runs/events.ts';

/**
 * Wall time of the parts of a step, in milliseconds: gradients, aggregation, update; and the most memory that was seen meanwhile,
 * in bytes. The first two parts may take turns, where gradients are asked for one by one or aggregated on the way back.
 */
export class StepMeter {
  readonly #started = performance.now();
  #gradients = 0;
  #aggregatedAt = 0;
  #resident = 0;
  #tensors = 0;

  /** The same source; what it takes counts as time for gradients, what is done with them does not. */
  watch(source: GradientSource): GradientSource {
    return source.kind === 'separate'
      ? { ...source, groups: this.#watchGroups(source.groups) }
      : { ...source, run: (sink) => this.#gradientTime(() => source.run(this.#watchSink(sink))) };
  }

  /** To be called when the aggregation is done. */
  aggregated(): void {
    this.#lookAtMemory();
    this.#aggregatedAt = performance.now();
  }

  /** To be called when the update is done, too. */
  read(): Pick<StepEvent, 'ms' | 'memory'> {
    const ms = {
      gradients: this.#gradients,
      aggregate: this.#aggregatedAt - this.#started - this.#gradients,
      update: performance.now() - this.#aggregatedAt,
    };
    this.#lookAtMemory();
    return { ms, memory: { resident: this.#resident, tensors: this.#tensors } };
  }

  #lookAtMemory(): void {
    this.#resident = Math.max(this.#resident, process.memoryUsage.rss());
    this.#lookAtTensors();
  }

  /** The cheaper look. */
  #lookAtTensors(): void {
    this.#tensors = Math.max(this.#tensors, tf.memory().numBytes);
  }

  async *#watchGroups(groups: SeparateSource['groups']): AsyncGenerator<GroupGradient> {
    let asked = performance.now();
    for await (const group of groups) {
      this.#gradients += performance.now() - asked;
      this.#lookAtMemory();
      yield group;
      asked = performance.now();
    }
  }

  async #gradientTime<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const value = await work();
    this.#gradients += performance.now() - started;
    return value;
  }

  /** Time in the sink is taken off the time of the pass that it is part of. */
  #watchSink(sink: VariableSink): VariableSink {
    return {
      add: (variable, gradient) => {
        const started = performance.now();
        this.#lookAtTensors();
        sink.add(variable, gradient);
        this.#gradients -= performance.now() - started;
      },
      flush: async () => {
        const started = performance.now();
        this.#lookAtMemory();
        await sink.flush();
        this.#gradients -= performance.now() - started;
      },
    };
  }
}
