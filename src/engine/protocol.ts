/** The messages between the engine's client and its worker: their types, and the checks of what comes in. */
import type { BlockAggregation, BlockGram, BlockOptions } from './blocks.ts';
import type { StepDiagnostics, StepFacts, Unmeasured } from './diagnoseStep.ts';
import { isShard, type Shard } from './kernels/layout.ts';
import {
  type Check,
  fields,
  instanceOf,
  isArrayOfNumbers,
  isBoolean,
  isNumber,
  isNumbers,
  isString,
  listOf,
  nullable,
  oneOf,
  optional,
  recordOf,
} from './structure.ts';
import {
  type AggregationResult,
  type AggregatorChoice,
  type AggregatorName,
  type MeasuredVector,
  type Memory,
  type Problem,
  type ProblemOptions,
  type Warning,
  warningCodes,
  type ZeroGroupPolicy,
} from './types.ts';
import { ZeroGroupError } from './unusableGroups.ts';

/** An aggregation together with the Gram matrix it was decided by, k×k row-major. */
export type SharedAggregation = AggregationResult & { readonly gram: Float64Array };

/** What the worker can be asked, by kind: the request's own fields and the value answered. */
export interface Calls {
  aggregate: {
    request: { readonly problem: Problem; readonly aggregator: AggregatorName | AggregatorChoice };
    value: AggregationResult;
  };
  aggregateShared: {
    request: {
      /** Read in place, never copied; the combination is written there. */
      readonly shards: readonly Shard[];
      readonly aggregator: AggregatorName | AggregatorChoice;
      readonly options: ProblemOptions;
    };
    value: SharedAggregation;
  };
  aggregateBlocks: {
    request: {
      readonly blocks: readonly BlockGram[];
      readonly options: BlockOptions;
      readonly aggregator: AggregatorName | AggregatorChoice;
    };
    value: BlockAggregation;
  };
  aggregateBlock: {
    request: {
      readonly block: BlockGram;
      readonly nonFinite: readonly number[];
      readonly options: BlockOptions;
      readonly aggregator: AggregatorName | AggregatorChoice;
    };
    value: AggregationResult;
  };
  concludeBlocks: {
    request: Calls['aggregateBlocks']['request'] & {
      readonly solved: readonly AggregationResult[];
    };
    value: BlockAggregation;
  };
  /** ⟨v, gᵢ⟩ for the k gradients, then ‖v‖², of the vector in the combination's place. */
  measureShared: {
    request: { readonly shards: readonly Shard[] };
    value: Float64Array;
  };
  diagnose: {
    request: { readonly steps: readonly StepFacts[] };
    value: readonly StepDiagnostics[];
  };
}

export type CallKind = keyof Calls;

/** A request carries its kind, and an id that its answer repeats. */
export type Request = {
  [K in CallKind]: { readonly id: number; readonly kind: K } & Calls[K]['request'];
}[CallKind];

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PlainError };

/** An error as it crosses between threads: structured clone loses classes and names that JavaScript does not know. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Those of a {@link ZeroGroupError}. */
  readonly groups?: readonly number[];
}

const isAnyName: Check<AggregatorName> = (value): value is AggregatorName =>
  // The registry reports unknown names, together with those it knows.
  isString(value);

const isChoice = fields<AggregatorChoice>({
  name: isAnyName,
  parameters: optional(recordOf(isNumber)),
  smoothing: optional(isNumber),
});

const isAggregator: Check<AggregatorName | AggregatorChoice> = (
  value,
): value is AggregatorName | AggregatorChoice => isAnyName(value) || isChoice(value);

const isMemory = fields<Memory>({
  groups: isNumbers,
  state: optional(isNumbers),
  weights: optional(isNumbers),
});

const options = {
  sizes: optional(isArrayOfNumbers),
  zeroGroups: optional(oneOf<ZeroGroupPolicy>(['drop', 'stop', 'error'])),
  groups: optional(isNumbers),
  seed: optional(isNumber),
};
const isMatrix = instanceOf(Float64Array);
const isProblemOptions = fields<ProblemOptions>({ ...options, memory: optional(isMemory) });
const isProblem = fields<Problem>({ ...options, memory: optional(isMemory), gram: isMatrix });
const isBlockOptions = fields<BlockOptions>({ ...options, memory: optional(recordOf(isMemory)) });
const isBlock = fields<BlockGram>({ name: isString, gram: isMatrix });

const certificate = { norm2: isNumber, gap: isNumber, minCosine: isNumber };
const isWarning = fields<Warning>({
  code: oneOf(warningCodes),
  message: isString,
  groups: isNumbers,
});
const result = {
  ...certificate,
  weights: instanceOf(Float64Array),
  warnings: listOf(isWarning),
  memory: optional(isMemory),
};
const isResult = fields<AggregationResult>(result);
const isBlockAggregation = fields<BlockAggregation>({
  ...certificate,
  blocks: listOf(fields({ name: isString, weights: instanceOf(Float64Array) })),
  warnings: listOf(isWarning),
  memory: optional(recordOf(isMemory)),
});

const isVector = fields<MeasuredVector>({ norm2: isNumber, inner: isNumbers });
const isFacts = fields<StepFacts>({
  sizes: isArrayOfNumbers,
  gram: nullable(isMatrix),
  weights: nullable(isArrayOfNumbers),
  blocks: optional(listOf(fields({ name: isString, gram: isMatrix, weights: isArrayOfNumbers }))),
  direct: optional(isVector),
  streamed: optional(fields({ norm2: isNumber })),
  update: optional(isVector),
});
const isDiagnostics = fields<StepDiagnostics>({
  norm2: nullable(isNumber),
  gap: nullable(isNumber),
  minCosine: nullable(isNumber),
  cosines: nullable(isMatrix),
  conflictRate: nullable(isNumber),
  meanConflictRate: nullable(isNumber),
  effectiveGroups: nullable(isNumber),
  normRatio: nullable(isNumber),
  effectiveDimension: nullable(isNumber),
  certified: nullable(isBoolean),
  conflictsWith: nullable(isNumbers),
  stationary: nullable(isBoolean),
  unmeasured: nullable(oneOf<Unmeasured>(['one-by-one', 'no-gram', 'no-weights'])),
  updateConflictsWith: nullable(isNumbers),
});

type Checks = {
  readonly [K in CallKind]: {
    readonly request: Check<Calls[K]['request']>;
    readonly value: Check<Calls[K]['value']>;
  };
};

const blocksRequest = {
  blocks: listOf(isBlock),
  options: isBlockOptions,
  aggregator: isAggregator,
};

const checks: Checks = {
  aggregate: { request: fields({ problem: isProblem, aggregator: isAggregator }), value: isResult },
  aggregateShared: {
    request: fields({
      shards: listOf(isShard),
      aggregator: isAggregator,
      options: isProblemOptions,
    }),
    value: fields<SharedAggregation>({ ...result, gram: isMatrix }),
  },
  aggregateBlocks: { request: fields(blocksRequest), value: isBlockAggregation },
  aggregateBlock: {
    request: fields({
      block: isBlock,
      nonFinite: isNumbers,
      options: isBlockOptions,
      aggregator: isAggregator,
    }),
    value: isResult,
  },
  concludeBlocks: {
    request: fields({ ...blocksRequest, solved: listOf(isResult) }),
    value: isBlockAggregation,
  },
  measureShared: {
    request: fields({ shards: listOf(isShard) }),
    value: instanceOf(Float64Array),
  },
  diagnose: { request: fields({ steps: listOf(isFacts) }), value: listOf(isDiagnostics) },
};

const isHeader = fields<{ readonly id: number; readonly kind: CallKind }>({
  id: isNumber,
  kind: (value): value is CallKind => isString(value) && Object.hasOwn(checks, value),
});

export function isRequest(message: unknown): message is Request {
  return isHeader(message) && checks[message.kind].request(message);
}

const isFailed = fields<{ readonly id: number; readonly error: PlainError }>({
  id: isNumber,
  error: fields<PlainError>({
    name: isString,
    message: isString,
    stack: optional(isString),
    groups: optional(listOf(isNumber)),
  }),
});
export const hasId = fields<{ readonly id: number }>({ id: isNumber });

/** Whether a message answers some request; {@link isValueOf} checks the value itself. */
export function isAnswer(message: unknown): message is Answer {
  return isFailed(message) || (hasId(message) && 'value' in message);
}

/** Whether a value is what calls of a kind are answered with. */
export function isValueOf<K extends CallKind>(kind: K, value: unknown): value is Calls[K]['value'] {
  return checks[kind].value(value);
}

/** Errors that callers tell apart by their class. */
const errorClasses = { RangeError, TypeError };

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, message, stack, ...(error instanceof ZeroGroupError && { groups: error.groups }) };
}

/** The error with its name, message and stack, and with its class where callers ask for it. */
export function revivedError({ name, message, stack, groups }: PlainError): Error {
  const known: Readonly<Record<string, new (message: string) => Error>> = errorClasses;
  const error = groups
    ? new ZeroGroupError(groups)
    : Object.hasOwn(known, name)
      ? new known[name]!(message)
      : new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
