/** What a run process and its Python child say to each other; messages.py and batches.py in python/grain_backend are the other side. */
import * as z from 'zod';
import { build } from './buildMessage.ts';
import type { NumberArray } from './frames.ts';

/** Both sides must have the same. */
export const PROTOCOL = 1;

const array = <T extends NumberArray['values']>(of: new () => NumberArray['values']) =>
  z.object({ shape: z.array(z.number()), values: z.custom<T>((value) => value instanceof of) });
const float32 = array<Float32Array>(Float32Array);
const float64 = array<Float64Array>(Float64Array);
const int32 = array<Int32Array>(Int32Array);
const uint8 = array<Uint8Array>(Uint8Array);
const none = z.object({});

const python = { protocol: z.number(), python: z.string(), executable: z.string() };

/** The first message of the child. */
export const greeting = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('ready'),
    ...python,
    versions: z.record(z.string(), z.string()),
    device: z.object({
      kind: z.enum(['cuda', 'rocm', 'xpu', 'mps', 'cpu']),
      name: z.string(),
      /** Bytes. */
      memory: z.number().nullable(),
      /** Of an NVIDIA GPU, as nvidia-smi knows it. */
      uuid: z.string().nullable(),
    }),
  }),
  /** Packages are missing. */
  z.object({ kind: z.literal('unusable'), ...python, missing: z.array(z.string()) }),
]);

export type Ready = Extract<z.infer<typeof greeting>, { kind: 'ready' }>;

/** What the child sends besides its greeting. */
export const incoming = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('alive') }),
  z.object({ kind: z.literal('progress'), id: z.number(), done: z.number() }),
  z.looseObject({ kind: z.literal('reply'), id: z.number() }),
  z.object({
    kind: z.literal('error'),
    id: z.number(),
    code: z.enum(['outOfMemory', 'diskFull', 'badModel', 'badCheckpoint', 'badData', 'unknown']),
    message: z.string(),
  }),
]);

/** Examples of token ids, padded to one length; group g has the examples bounds[g] … bounds[g + 1] − 1. */
const batch = z.object({
  /** examples × length. */
  ids: int32,
  typeIds: int32,
  lengths: int32,
  bounds: int32,
  /** Classes or values; for generation where each answer starts. */
  targets: float64,
});

/** Examples that are images, grouped in the same way: files, or if there are none, pixels. */
const imageBatch = z.object({
  /** Of files; or where `encoded` has an image, what it is called: another name for each. */
  paths: z.array(z.string()),
  /** Bytes of files, one after another, and where each ends; nothing: they are read, or there already. */
  encoded: uint8,
  ends: int32,
  /** Between 0 and 1: examples × height × width × channels. */
  pixels: float32,
  bounds: int32,
  targets: float64,
});

const memory = z.object({ resident: z.number(), tensors: z.number().nullable() });

/** ⟨Δ, gᵢ⟩, and as `numbers` ‖Δ‖², ‖Δ‖² in the metric, and what storing the parameters in float32 may have added to Δ. */
const measured = z.object({ inner: float64, numbers: float64 });

/** `grams`: blocks × k × k. */
const groupGradients = z.object({ losses: float32, grams: float64, memory });

/** Requests and their replies. */
export const calls = {
  /** Loads a model, which replaces the one before. */
  build: {
    request: build,
    reply: z.object({
      /** Parameters that the checkpoint does not have: `initialize` sets them. */
      fresh: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.number()),
          kind: z.enum(['zeros', 'ones', 'kaiming', 'normal']),
          /** Standard deviation, for `normal`. */
          deviation: z.number(),
        }),
      ),
      trained: z.array(
        z.object({ name: z.string(), layer: z.string(), size: z.number(), head: z.boolean() }),
      ),
      /** Why gradients take a pass for each group, though the config asks for one pass; null: they do not. */
      separately: z.string().nullable(),
      /** Layers of BatchNorm, which normalize by the checkpoint's running statistics. */
      batchNorms: z.number(),
    }),
  },
  /** Values of the fresh parameters, one after another. */
  initialize: { request: z.object({ values: float32 }), reply: none },
  /** Trains the head alone, or all parameters, with a new optimizer. */
  stage: { request: z.object({ headOnly: z.boolean() }), reply: none },
  /** The block of each parameter that the stage trains; without it all are in one. */
  blocks: { request: z.object({ blocks: int32 }), reply: none },
  gradients: { request: batch.extend({ seed: z.number() }), reply: groupGradients },
  imageGradients: { request: imageBatch.extend({ seed: z.number() }), reply: groupGradients },
  /** How the gradient of one group, the last `gradients`, meets the direction d that the groups before it have made: ⟨d, g⟩. */
  meet: { request: none, reply: z.object({ inner: float64 }) },
  /** d ← (1 − share)d + share · g of that gradient; d is 0 at first. `norm2`: ‖d‖² then. */
  move: { request: z.object({ share: z.number() }), reply: z.object({ norm2: float64 }) },
  /** GradDrop's d from the gradients of some groups; ⟨d, gᵢ⟩ of all, and ‖d‖². */
  dropSigns: {
    request: z.object({ groups: int32, leak: z.number(), seed: z.number() }),
    reply: z.object({ inner: float64, norm2: float64 }),
  },
  /** `weights`: blocks × k; all 0: no step; null: the step follows the d that `move` or `dropSigns` has made. */
  update: {
    request: z.object({
      weights: float64.nullable(),
      learningRate: z.number(),
      maxGradNorm: z.number().nullable(),
      /** Share of the parameters in their average after this step; 0: it stays. */
      averageShare: z.number(),
    }),
    /** `clippedNorm`: ‖d‖ before it was clipped; null: it was not. */
    reply: measured.extend({ clippedNorm: z.number().nullable(), memory }),
  },
  /** Adds MΣ λᵢgᵢ to the update, where M is the metric. */
  correct: { request: z.object({ multipliers: float64 }), reply: measured },
  discard: { request: none, reply: none },
  /** examples × outputs. */
  outputs: { request: batch, reply: z.object({ outputs: float32 }) },
  /** Which images of a batch are not there, so that their bytes are needed. */
  missingImages: {
    request: z.object({ names: z.array(z.string()) }),
    reply: z.object({ missing: int32 }),
  },
  imageOutputs: { request: imageBatch, reply: z.object({ outputs: float32 }) },
  /** Of each answer token. */
  answerLosses: { request: batch, reply: z.object({ losses: float32 }) },
  /** Prompts and answers follow each other in `ids`. */
  generate: {
    request: z.object({
      ids: int32,
      lengths: int32,
      maxNewTokens: z.number(),
      endIds: z.array(z.number()),
    }),
    reply: z.object({ ids: int32, lengths: int32 }),
  },
  /** Opens the tokenizer of a folder, which `encode` and `decode` then use. */
  tokenizer: {
    request: z.object({ folder: z.string() }),
    reply: z.object({
      padId: z.number().nullable(),
      eosId: z.number().nullable(),
      bosId: z.number().nullable(),
    }),
  },
  /** With special tokens, truncated to `maxLength`; without either if that is null. */
  encode: {
    request: z.object({
      text: z.string(),
      pair: z.string().nullable(),
      maxLength: z.number().nullable(),
    }),
    reply: z.object({ ids: int32, typeIds: int32 }),
  },
  /** Without special tokens. */
  decode: { request: z.object({ ids: int32 }), reply: z.object({ text: z.string() }) },
  /** How busy the device is, at any time. */
  usage: {
    request: none,
    reply: z.object({
      /** Of the child, since its start. */
      processorSeconds: z.number(),
      /** Bytes of the GPU's memory. */
      memory: z.object({ used: z.number(), total: z.number() }).nullable(),
      /** Share of the time in which the GPU computed, 0…1. */
      utilization: z.number().nullable(),
    }),
  },
  save: { request: z.object({ folder: z.string() }), reply: none },
  load: { request: z.object({ folder: z.string() }), reply: none },
} as const;

export type CallKind = keyof typeof calls;
export type RequestOf<K extends CallKind> = z.input<(typeof calls)[K]['request']>;
export type ReplyOf<K extends CallKind> = z.infer<(typeof calls)[K]['reply']>;
