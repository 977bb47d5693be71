/**
 * `events.jsonl`: one JSON object a line, appended by one writer, in the order things happened.
 * Numbers that are not finite are written as `null`. Readers ignore kinds and fields they do not know.
 */
import * as z from 'zod';
import type { MeasuredUpdate, MeasuredVector } from '../engine/types.ts';
import type { DeepReadonly } from './deepReadonly.ts';
import { failureSchema } from './failure.ts';

/** `null` stands for a number that was NaN or infinite. */
export type Fact = number | null;

const fact = z.number().nullable();
// Steps are lists for the most part: a loop checks them in half of the time that z.array takes.
const facts = z.custom<readonly Fact[]>((list) => Array.isArray(list) && list.every(isFact));
const numbers = z.custom<readonly number[]>((list) => Array.isArray(list) && list.every(isNumber));

/** Milliseconds since the Unix epoch. */
const at = z.number().refine((time) => !Number.isNaN(new Date(time).getTime()));

const startEvent = z.object({
  kind: z.literal('start'),
  at,
  pid: z.number(),
  /** Steps already done: 0 for a new run, the checkpoint's step for a resumed one. */
  fromStep: z.number(),
});

/** One parameter block of a step: as the fields of the same names of the step, for the block's coordinates alone. */
const blockFacts = z.object({ name: z.string(), gram: facts, weights: numbers });

/** In the space of the parameters, whatever the metric of the Gram matrix. */
const measuredVector: z.ZodType<MeasuredVector<Fact>> = z.object({ norm2: fact, inner: facts });
/** The change Δ of the parameters; `rounding` is 2⁻²⁴‖θ‖ in the metric of the Gram matrix: float32 may have changed ⟨Δ, gᵢ⟩ by that times √Hᵢᵢ. */
const measuredUpdate: z.ZodType<MeasuredUpdate<Fact>> = z.object({
  norm2: fact,
  inner: facts,
  rounding: fact.exactOptional(),
});

/** The arrival of gradient gᵢ at the running direction d. */
const arrivalFacts = z.object({
  /** ⟨d, gᵢ⟩ before; 0 for the first. */
  inner: fact,
  /** ‖gᵢ‖². */
  norm2: fact,
  /** Weights of the gradients so far, this one included, in d afterwards. */
  weights: numbers,
  /** ‖d‖² afterwards. */
  direction2: fact,
});

/** The correction of an update that conflicted with a group. */
const guardFacts = z.object({
  /** Δ as the optimizer proposed it. */
  proposed: measuredUpdate,
  /** λ ≥ 0, length k: the corrected Δ is the proposed one plus Σ λᵢgᵢ, or PΣ λᵢgᵢ in the metric of a preconditioner P. */
  multipliers: numbers,
  /** True if the correction left nothing of Δ but rounding. */
  stalled: z.boolean(),
});

/** A gradient that was shortened before the optimizer got it. */
const clippingFacts = z.object({
  /** ‖d‖ before. */
  norm: z.number(),
  /** The optimizer got d times this; 0…1. */
  factor: z.number(),
});

/** The facts of one optimizer step; all else (cosines, conflict, certificate) is derived by the engine. */
const stepEvent = z.object({
  kind: z.literal('step'),
  at,
  /** 1-based. */
  step: z.number(),
  learningRate: z.number(),
  /** Indices into `manifest.groups.names` of the groups present in this step; length k. */
  groups: numbers,
  /** Examples per present group; length k. */
  sizes: numbers,
  /** What each present group counts for in the mean, where that is not `sizes`: tokens with labels; length k. */
  counts: numbers.exactOptional(),
  /** Tokens of all examples of the step, without padding; absent where they are not texts. */
  tokens: z.number().exactOptional(),
  /** Mean loss per present group, before the step; length k. */
  losses: facts,
  /**
   * Upper triangle of H = GGᵀ, row by row: H₀₀ H₀₁ … H₁₁ …; length k(k+1)/2, in the metric of `manifest.aggregation`. Null
   * where the gradients were never all in memory at once.
   */
  gram: facts.nullable(),
  /**
   * Weights of d = Σ wᵢgᵢ; length k. With `blocks`: the mean of the blocks' weights, each weighed by the trace of its Gram
   * matrix. Null where d is not a weighted sum.
   */
  weights: numbers.nullable(),
  /** Where each parameter block has its own weights: d is made of the blocks' Σ wᵢgᵢ, and `gram` is the sum of theirs. */
  blocks: z.array(blockFacts).exactOptional(),
  /** Where d is not a weighted sum: d measured against the gradients. */
  direct: measuredVector.exactOptional(),
  /** Where gradients were aggregated one after another: an entry for each of `groups`, in their order. */
  streaming: z.array(arrivalFacts).exactOptional(),
  /** Where d was clipped; weights, `blocks` and `direct` are those of d before. */
  clipping: clippingFacts.exactOptional(),
  /**
   * Δ = θ before − θ after measured against the gradients: the actual step, with momentum, preconditioner and weight decay.
   * Null where the gradients were already disposed; absent where it was not measured.
   */
  update: measuredUpdate.nullable().exactOptional(),
  /** Where a guard corrected the update; `update` is then the corrected one. */
  guard: guardFacts.exactOptional(),
  /** Wall time in milliseconds. */
  ms: z.object({ gradients: z.number(), aggregate: z.number(), update: z.number() }),
  /** Peaks during the step, in bytes; absent where they were not measured. */
  memory: z
    .object({
      /** Resident memory of the process, including what it used before the run. */
      resident: z.number(),
      /** Of the run's tensors, on whatever device. */
      tensors: z.number().exactOptional(),
    })
    .exactOptional(),
  /** A sample of how busy the device is, about every 10 seconds; absent in the steps between. */
  device: z
    .object({
      /** Share of the processor's cores that the processes of the run used since the sample before, 0…1. */
      processor: z.number(),
      /** Bytes of the GPU's own memory, taken by whatever program, and all there are. */
      memory: z.object({ used: z.number(), total: z.number() }).exactOptional(),
      /** Share of the time in which the GPU computed, for whatever program, 0…1. */
      utilization: z.number().exactOptional(),
    })
    .exactOptional(),
});

/** A validation takes long; its results follow, or the run ends before. */
const validatingEvent = z.object({
  kind: z.literal('validating'),
  at,
  step: z.number(),
  /** Share that is done, 0…1. */
  done: z.number(),
});

/** How much the predictions of a validation differ from example to example, beside its targets. */
const spreadFacts = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('classes'),
    /** The class, or the text, that was predicted most often, and for which share of the examples, 0…1. */
    mostFrequent: z.string(),
    share: z.number(),
    /** Share of the most frequent target, 0…1. */
    majority: z.number(),
  }),
  z.object({
    kind: z.literal('values'),
    /** Standard deviation of the predictions, and of the targets, over the examples. */
    deviation: fact,
    targetDeviation: fact,
  }),
]);

const validationEvent = z.object({
  kind: z.literal('validation'),
  at,
  step: z.number(),
  metrics: z.record(z.string(), fact),
  /** Absent where it was not measured. */
  spread: spreadFacts.exactOptional(),
});

const checkpointEvent = z.object({
  kind: z.literal('checkpoint'),
  at,
  step: z.number(),
  /** Path inside the run folder. */
  path: z.string(),
  best: z.boolean(),
});

const warningEvent = z.object({
  kind: z.literal('warning'),
  at,
  step: z.number(),
  message: z.string(),
});

const alarm = { kind: z.literal('alarm'), at, step: z.number(), rule: z.string() };
/** What is wrong with a run, once where it begins; and where it is over. */
const alarmEvent = z.discriminatedUnion('state', [
  z.object({
    ...alarm,
    state: z.literal('raised'),
    /** What is wrong, with the names of the groups concerned, and what to do. */
    message: z.string(),
    /** What the rule compared, by name. */
    figures: z.record(z.string(), fact),
    /** Indices into `manifest.groups.names` of the groups concerned. */
    groups: numbers,
  }),
  z.object({ ...alarm, state: z.literal('cleared') }),
]);

const ended = { kind: z.literal('end'), at, step: z.number() };
const endEvent = z.discriminatedUnion('status', [
  z.object({ ...ended, status: z.enum(['finished', 'stopped']) }),
  z.object({ ...ended, status: z.literal('failed'), failure: failureSchema }),
]);

const schemas = {
  start: startEvent,
  step: stepEvent,
  validating: validatingEvent,
  validation: validationEvent,
  checkpoint: checkpointEvent,
  warning: warningEvent,
  alarm: alarmEvent,
  end: endEvent,
} as const;

type Schemas = typeof schemas;
type EventOf<Kind extends keyof Schemas> = DeepReadonly<z.infer<Schemas[Kind]>>;

export type ClippingFacts = DeepReadonly<z.infer<typeof clippingFacts>>;
export type GuardFacts = DeepReadonly<z.infer<typeof guardFacts>>;
export type SpreadFacts = DeepReadonly<z.infer<typeof spreadFacts>>;
export type ArrivalFacts = DeepReadonly<z.infer<typeof arrivalFacts>>;
export type StartEvent = EventOf<'start'>;
export type StepEvent = EventOf<'step'>;
export type ValidatingEvent = EventOf<'validating'>;
export type ValidationEvent = EventOf<'validation'>;
export type CheckpointEvent = EventOf<'checkpoint'>;
export type WarningEvent = EventOf<'warning'>;
export type AlarmEvent = EventOf<'alarm'>;
export type EndEvent = EventOf<'end'>;
export type RunEvent =
  | StartEvent
  | StepEvent
  | ValidatingEvent
  | ValidationEvent
  | CheckpointEvent
  | WarningEvent
  | AlarmEvent
  | EndEvent;

/** Any trainer may write a log: "unknown kind" is an event of a later version, "invalid" is anything else that is not an event. */
export function parseEvent(line: string): RunEvent | 'unknown kind' | 'invalid' {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'invalid';
  }
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null;
  if (typeof kind !== 'string') return 'invalid';
  if (!isKnown(kind)) return 'unknown kind';
  return schemas[kind].safeParse(value).data ?? 'invalid';
}

/** All of a step that a repetition of it gives again: not when it was taken, nor what it cost. */
export function repeatableFacts({ kind, at, ms, memory, device, ...facts }: StepEvent) {
  return facts;
}

function isKnown(kind: string): kind is keyof Schemas {
  return Object.hasOwn(schemas, kind);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isFact(value: unknown): boolean {
  return value === null || isNumber(value);
}
