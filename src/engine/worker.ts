import { parentPort } from 'node:worker_threads';
import { aggregate } from './aggregate.ts';
import { diagnose } from './diagnose.ts';
import { SharedKernels } from './kernels/sharedKernels.ts';
import type { Answer, Calls, PlainError, Request, SharedAggregation } from './protocol.ts';

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

function compute(
  request: Request,
): Calls[Request['kind']]['value'] | Promise<Calls[Request['kind']]['value']> {
  switch (request.kind) {
    case 'aggregate':
      return aggregate(request.problem, request.aggregator);
    case 'aggregateShared':
      return aggregateShared(request);
    case 'diagnose':
      return request.problems.map((problem) => diagnose(problem, problem.weights));
  }
}

async function aggregateShared({
  shards,
  aggregator,
  options,
}: Calls['aggregateShared']['request']): Promise<SharedAggregation> {
  kernels ??= SharedKernels.load();
  const shared = await kernels;
  const gram = await shared.gram(shards);
  const aggregation = aggregate({ ...options, gram }, aggregator);
  await shared.combine(shards, aggregation.weights);
  return { ...aggregation, gram };
}

function plain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}
