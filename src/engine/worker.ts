import { parentPort } from 'node:worker_threads';
import { aggregate } from './aggregate.ts';
import { aggregateBlocks } from './blocks.ts';
import { diagnoseStep } from './diagnoseStep.ts';
import { gramOf } from './gram.ts';
import type { Answer, Calls, PlainError, Request } from './protocol.ts';

/** The engine on a thread of its own: one answer for each request, in order. */
parentPort?.on('message', (request: Request) => {
  parentPort?.postMessage(answerTo(request));
});

function answerTo(request: Request): Answer {
  try {
    return { id: request.id, value: compute(request) };
  } catch (error) {
    return { id: request.id, error: plain(error) };
  }
}

function compute(request: Request): Calls[Request['kind']]['value'] {
  switch (request.kind) {
    case 'aggregate':
      return aggregate(request.problem, request.aggregator);
    case 'aggregateShared': {
      const { k, d, options, aggregator } = request;
      const gram = gramOf(
        Array.from({ length: k }, (_, i) => new Float32Array(request.gradients, 4 * i * d, d)),
      );
      return { ...aggregate({ ...options, gram }, aggregator), gram };
    }
    case 'aggregateBlocks':
      return aggregateBlocks(request.blocks, request.options, request.aggregator);
    case 'diagnose':
      return request.steps.map(diagnoseStep);
  }
}

function plain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}
