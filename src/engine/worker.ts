import { parentPort } from 'node:worker_threads';
import { aggregate } from './aggregate.ts';
import { aggregateBlock, aggregateBlocks, concludeBlocks } from './blocks.ts';
import { diagnoseStep } from './diagnoseStep.ts';
import { SharedKernels } from './kernels/sharedKernels.ts';
import {
  type Answer,
  type Calls,
  hasId,
  isRequest,
  plainError,
  type Request,
  type SharedAggregation,
} from './protocol.ts';
import type { AggregationResult } from './types.ts';

let kernels: Promise<SharedKernels> | undefined;
let last: Promise<void> = Promise.resolve();

/** The engine on its own thread: one answer for each request, in order. */
parentPort?.on('message', (message: unknown) => {
  if (!hasId(message)) throw new TypeError('the engine worker got a message without an id');
  last = last.then(async () => parentPort?.postMessage(await answerTo(message)));
});

async function answerTo(message: { readonly id: number }): Promise<Answer> {
  const { id } = message;
  try {
    if (!isRequest(message)) throw new TypeError(`invalid request: ${kindOf(message)}`);
    return { id, value: await compute(message) };
  } catch (error) {
    return { id, error: plainError(error) };
  }
}

function kindOf(message: object): string {
  return 'kind' in message ? String(message.kind) : 'no kind';
}

async function compute(request: Request): Promise<Calls[Request['kind']]['value']> {
  switch (request.kind) {
    case 'aggregate':
      return aggregate(request.problem, request.aggregator);
    case 'aggregateBlocks':
      return aggregateBlocks(request.blocks, request.options, request.aggregator);
    case 'aggregateBlock':
      return aggregateBlock(request.block, request.nonFinite, request.options, request.aggregator);
    case 'concludeBlocks':
      return concludeBlocks(request.blocks, request.solved, request.options, request.aggregator);
    case 'aggregateShared':
      kernels ??= SharedKernels.load();
      return aggregateShared(await kernels, request);
    case 'measureShared':
      kernels ??= SharedKernels.load();
      return (await kernels).products(request.shards);
    case 'diagnose':
      return request.steps.map(diagnoseStep);
  }
}

/**
 * Gram matrix and weights of gradients in shared memory; their combination is written there.
 *
 * Float32 errors in the Gram matrix must not invalidate a guarantee: if they could exceed ⟨d, gᵢ⟩ ≥ ‖d‖², everything is
 * computed again in float64.
 */
export async function aggregateShared(
  kernels: SharedKernels,
  { shards, aggregator, options }: Calls['aggregateShared']['request'],
): Promise<SharedAggregation> {
  let { gram, error } = await kernels.gram(shards);
  let aggregation = aggregate({ ...options, gram }, aggregator);
  if (isWithin(error, gram, aggregation)) {
    gram = await kernels.exactGram(shards);
    aggregation = aggregate({ ...options, gram }, aggregator);
  }
  await kernels.combine(shards, aggregation.weights);
  return { ...aggregation, gram };
}

/** Whether ‖d‖² is less than what errors of ε·‖gᵢ‖‖gⱼ‖ make of some ⟨d, gᵢ⟩: ε·Σⱼ|wⱼ|‖gⱼ‖·maxᵢ‖gᵢ‖. */
function isWithin(
  epsilon: number,
  gram: Float64Array,
  { weights, norm2 }: Pick<AggregationResult, 'weights' | 'norm2'>,
): boolean {
  const norms = weights.map((_, i) => Math.sqrt(gram[i * weights.length + i]!));
  const length = weights.reduce((sum, weight, i) => sum + Math.abs(weight) * norms[i]!, 0);
  return norm2 < epsilon * length * Math.max(...norms);
}
