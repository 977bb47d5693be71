import { Worker } from 'node:worker_threads';
import type { BlockAggregation, BlockGram, BlockOptions } from './blocks.ts';
import type { StepDiagnostics, StepFacts } from './diagnoseStep.ts';
import type { SharedGradients } from './kernels/sharedGradients.ts';
import {
  type CallKind,
  type Calls,
  isAnswer,
  isValueOf,
  revivedError,
  type SharedAggregation,
} from './protocol.ts';
import type {
  AggregationResult,
  AggregatorChoice,
  AggregatorName,
  Problem,
  ProblemOptions,
} from './types.ts';

interface PendingCall {
  settle(value: unknown): void;
  reject(error: Error): void;
}

/**
 * The engine on its own thread, as promises.
 *
 * An error thrown there rejects the call with the same name, message and stack, and with the same class if that is `RangeError`,
 * `TypeError` or `ZeroGroupError`. If the worker dies, all pending and later calls are rejected with the reason. An idle worker
 * does not keep the process alive; a pending call does.
 */
export class EngineClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 0;
  /** Why calls can no longer be answered. */
  #ended: Error | undefined;

  static start(): EngineClient {
    // From source the worker is a file next to this one; in dist/ it is a separate bundle.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './engine-worker.js';
    // Flags of the process that starts us (an inspector, --input-type) do not concern the worker.
    return new EngineClient(new Worker(new URL(file, import.meta.url), { execArgv: [] }));
  }

  /** @param worker a running `worker.ts`, from now on owned by the client */
  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: unknown) => this.#settle(message));
    worker.on('error', (error) =>
      this.#end(new Error(`the engine worker died: ${error.message}`, { cause: error })),
    );
    worker.on('messageerror', (error) =>
      this.#end(new Error(`an answer of the engine was unreadable: ${error.message}`)),
    );
    worker.on('exit', (code) => this.#end(new Error(`the engine worker died: exit code ${code}`)));
    // Last, because adding a listener refs the worker.
    worker.unref();
  }

  /** See `aggregate.ts`. */
  aggregate(
    problem: Problem,
    aggregator: AggregatorName | AggregatorChoice,
  ): Promise<AggregationResult> {
    return this.#call('aggregate', { problem, aggregator });
  }

  /**
   * Gram matrix and weights of gradients in shared memory, and the combination Σ wᵢgᵢ, bit for bit what adding the wᵢgᵢ one
   * after another in float32 gives. Groups of weight 0 are left out of it, even those that are not finite; where all weights are
   * 0 it is meaningless. Until the answer arrives the gradients must not be written.
   */
  aggregateShared(
    { shards }: SharedGradients,
    aggregator: AggregatorName | AggregatorChoice,
    options: ProblemOptions = {},
  ): Promise<SharedAggregation> {
    return this.#call('aggregateShared', { shards, aggregator, options });
  }

  /** ⟨v, gᵢ⟩ for each of the k gradients, then ‖v‖², of the vector v that was written in the combination's place. */
  measureShared({ shards }: SharedGradients): Promise<Float64Array> {
    return this.#call('measureShared', { shards });
  }

  /** See `blocks.ts`. */
  aggregateBlocks(
    blocks: readonly BlockGram[],
    options: BlockOptions,
    aggregator: AggregatorName | AggregatorChoice,
  ): Promise<BlockAggregation> {
    return this.#call('aggregateBlocks', { blocks, options, aggregator });
  }

  /** See `blocks.ts`. */
  aggregateBlock(
    block: BlockGram,
    nonFinite: readonly number[],
    options: BlockOptions,
    aggregator: AggregatorName | AggregatorChoice,
  ): Promise<AggregationResult> {
    return this.#call('aggregateBlock', { block, nonFinite, options, aggregator });
  }

  /** See `blocks.ts`. */
  concludeBlocks(
    blocks: readonly BlockGram[],
    solved: readonly AggregationResult[],
    options: BlockOptions,
    aggregator: AggregatorName | AggregatorChoice,
  ): Promise<BlockAggregation> {
    return this.#call('concludeBlocks', { blocks, solved, options, aggregator });
  }

  /** Diagnostics of many steps in one message. */
  diagnose(steps: readonly StepFacts[]): Promise<readonly StepDiagnostics[]> {
    return this.#call('diagnose', { steps });
  }

  /** Ends the worker. Pending calls are rejected. */
  async close(): Promise<void> {
    this.#end(new Error('the engine was closed'));
    await this.#worker.terminate();
  }

  #call<K extends CallKind>(kind: K, request: Calls[K]['request']): Promise<Calls[K]['value']> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      const id = this.#nextId++;
      this.#worker.postMessage({ id, kind, ...request });
      const settle = (value: unknown) => {
        if (isValueOf(kind, value)) resolve(value);
        else reject(new TypeError(`the engine gave an invalid answer to ${kind}`));
      };
      this.#pending.set(id, { settle, reject });
      this.#worker.ref();
    });
  }

  #settle(message: unknown): void {
    if (!isAnswer(message)) {
      this.#end(new TypeError('the engine worker sent an invalid message'));
      return;
    }
    const call = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('error' in message) call?.reject(revivedError(message.error));
    else call?.settle(message.value);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const call of this.#pending.values()) call.reject(this.#ended);
    this.#pending.clear();
    this.#worker.unref();
  }
}
