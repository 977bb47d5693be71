import type { BlockAggregation, BlockGram, BlockOptions } from './blocks.ts';
import type { StepDiagnostics, StepFacts } from './diagnoseStep.ts';
import type { Shard } from './kernels/layout.ts';
import type {
  AggregationResult,
  AggregatorChoice,
  AggregatorName,
  Problem,
  ProblemOptions,
} from './types.ts';

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
    value: StepDiagnostics[];
  };
}

export type CallKind = keyof Calls;

/** A request carries its kind, and an id that its answer repeats. */
export type Request = {
  [K in CallKind]: { readonly id: number; readonly kind: K } & Calls[K]['request'];
}[CallKind];

export type Answer =
  | { readonly id: number; readonly value: Calls[CallKind]['value'] }
  | { readonly id: number; readonly error: PlainError };

/** An error as it crosses between threads: structured clone alone would lose names that JavaScript does not know. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}
