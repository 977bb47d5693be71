import * as tf from '@tensorflow/tfjs-core';
import type {
  GradientSource,
  GroupGradient,
  SeparateSource,
  VariableSink,
} from '../nn/module/gradientSource.ts';
import type { StepEvent } from '../runs/events.ts';

/** Milliseconds between two readings of the resident memory within a step: several of them would cost a small step a few percent. */
const READING_INTERVAL = 10;

/** Bytes: resident memory, and tensors if they are counted. */
interface ChildMemory {
  readonly resident: number;
  readonly tensors: number | null;
}

/**
 * Measures a step: wall time of gradients, aggregation and update, in milliseconds, and peak memory, in bytes. The first two may
 * alternate, if gradients are computed one by one or aggregated during the backward pass.
 */
export class StepMeter {
  readonly #started = performance.now();
  #gradients = 0;
  #child: ChildMemory | undefined;
  #aggregatedAt = 0;
  #resident = 0;
  #residentAt = Number.NEGATIVE_INFINITY;
  #tensors = 0;

  /** The same source, measured: its own work counts as time for gradients, the work of whoever consumes them does not. */
  watch(source: GradientSource): GradientSource {
    return source.kind === 'separate'
      ? { ...source, groups: this.#watchGroups(source.groups) }
      : { ...source, run: (sink) => this.gradients(() => source.run(this.#watchSink(sink))) };
  }

  /** Call after the aggregation. */
  aggregated(): void {
    this.#sampleMemory();
    this.#aggregatedAt = performance.now();
  }

  /** Call after the update. */
  read(): Pick<StepEvent, 'ms' | 'memory'> {
    const ms = {
      gradients: this.#gradients,
      aggregate: this.#aggregatedAt - this.#started - this.#gradients,
      update: performance.now() - this.#aggregatedAt,
    };
    this.#sampleMemory();
    if (!this.#child) return { ms, memory: { resident: this.#resident, tensors: this.#tensors } };
    const { resident, tensors } = this.#child;
    const memory = { resident: this.#resident + resident, ...(tensors !== null && { tensors }) };
    return { ms, memory };
  }

  /** Adds the memory of a child process that has the tensors. */
  observe(memory: ChildMemory): void {
    const { resident = 0, tensors = 0 } = this.#child ?? {};
    this.#child = {
      resident: Math.max(resident, memory.resident),
      tensors: memory.tensors === null ? null : Math.max(tensors ?? 0, memory.tensors),
    };
  }

  #sampleMemory(): void {
    this.#sampleTensors();
    const now = performance.now();
    if (now - this.#residentAt < READING_INTERVAL) return;
    this.#resident = Math.max(this.#resident, process.memoryUsage.rss());
    this.#residentAt = now;
  }

  /** Cheaper than `#sampleMemory`. */
  #sampleTensors(): void {
    this.#tensors = Math.max(this.#tensors, tf.memory().numBytes);
  }

  async *#watchGroups(groups: SeparateSource['groups']): AsyncGenerator<GroupGradient> {
    let requested = performance.now();
    for await (const group of groups) {
      this.#gradients += performance.now() - requested;
      this.#sampleMemory();
      yield group;
      requested = performance.now();
    }
  }

  /** Counts work as time for gradients. */
  async gradients<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const value = await work();
    this.#gradients += performance.now() - started;
    return value;
  }

  /** Subtracts the time in the sink from that of the pass around it. */
  #watchSink(sink: VariableSink): VariableSink {
    return {
      add: (variable, gradient) => {
        const started = performance.now();
        this.#sampleTensors();
        sink.add(variable, gradient);
        this.#gradients -= performance.now() - started;
      },
      flush: async () => {
        const started = performance.now();
        this.#sampleMemory();
        await sink.flush();
        this.#gradients -= performance.now() - started;
      },
    };
  }
}
