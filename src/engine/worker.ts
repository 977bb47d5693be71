import { parentPort } from 'node:worker_threads';
import { aggregate } from './aggregate.ts';
import { aggregateShared } from './aggregateShared.ts';
import { aggregateBlock, aggregateBlocks, concludeBlocks } from './blocks.ts';
import { diagnoseStep } from './diagnoseStep.ts';
import { SharedKernels } from './kernels/sharedKernels.ts';
import type { Answer, Calls, PlainError, Request } from './protocol.ts';

let kernels: Promise<SharedKernels> | undefined;
let last: Promise<void> = Promise.resolve();

/** The engine on a thread of its own: one answer for each request, in order. */
parentPort?.on('message', (request: Request) => {
  last = last.then(async () => parentPort?.postMessage(await answerTo(request)));
});

async function answerTo(request: Request): Promise<Answer> {
  try {
    return { id: request.id, value: await compute(request) };
  } catch (error) {
    return { id: request.id, error: plain(error) };
  }
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

function plain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}
