import type { DecoderConfig } from '../huggingface/config.ts';
import { LOGIT_BYTES } from './decoders/causalLoss.ts';
import { isTarget } from './parameters.ts';
import type { Plan } from './plan.ts';

/** A step of training a language model. */
export interface StepShape {
  readonly config: DecoderConfig;
  readonly plan: Plan;
  readonly checkpointing: boolean;
  /** Examples, and tokens of each, padding included. */
  readonly batch: number;
  readonly length: number;
  /** Of all examples together. */
  readonly answerTokens: number;
  /** Whose gradients are held at once. */
  readonly groups: number;
  /** Numbers that the optimizer keeps of each that is trained: 2 of AdamW. */
  readonly optimizerSlots: number;
}

/** Bytes. What the device itself needs comes on top. */
export interface StepMemory {
  readonly weights: number;
  readonly optimizer: number;
  /** Most of what activations, logits and the groups' gradients take at one time. */
  readonly step: number;
  readonly total: number;
}

/** What a step takes at its peak, counted from what layers hold for the way back. */
export function stepMemory(shape: StepShape): StepMemory {
  const parts = partsOf(shape);
  const weights = BYTES * sum(parts.map((part) => part.parameters));
  const trained = sum(parts.map((part) => part.trained));
  const optimizer = BYTES * shape.optimizerSlots * trained;
  const step = BYTES * peakOf(parts, shape);
  return { weights, optimizer, step, total: weights + optimizer + step };
}

/** The largest batch, in examples, up to that of the shape, that takes no more than so many bytes; 0 if none does. */
export function fittingBatch(shape: StepShape, bytes: number): number {
  const answers = shape.answerTokens / shape.batch;
  for (let batch = shape.batch; batch > 0; batch--) {
    const groups = Math.min(shape.groups, batch);
    const smaller = { ...shape, batch, groups, answerTokens: answers * batch };
    if (stepMemory(smaller).total <= bytes) return batch;
  }
  return 0;
}

const BYTES = 4;

/** Numbers, of a part of the network. */
interface Part {
  readonly parameters: number;
  readonly trained: number;
  /** Held between its ways there and back, its output included. */
  readonly held: number;
  /** Held in its place where it is gone through a second time. */
  readonly output: number;
  /** Made and let go again on its way back. */
  readonly transient: number;
}

/** The input, the layers, the norm above them, and the head. */
function partsOf(shape: StepShape): readonly Part[] {
  const { config, plan } = shape;
  const { layers, width, vocabulary, maxPositions, tiedEmbeddings } = config;
  const rows = shape.batch * shape.length;
  const isTrained = plan.lora === null;
  const plain = (parameters: number, trained: boolean): Part => ({
    ...{ parameters, trained: trained ? parameters : 0 },
    ...{ held: rows * width, output: rows * width, transient: 0 },
  });
  const words = vocabulary * width;
  const input = words + (config.rope ? 0 : maxPositions * width);
  const norm = (config.rope ? 1 : 2) * width;
  return [
    plain(input, isTrained && plan.freeze === 0),
    ...Array.from({ length: layers }, (_, index) => layerOf(shape, index)),
    plain(norm, isTrained),
    { ...plain(tiedEmbeddings ? 0 : words, isTrained), held: 0, output: 0 },
  ];
}

interface Linear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

function layerOf({ config, plan, batch, length }: StepShape, index: number): Part {
  const { heads, keyValueHeads, headWidth, width, innerWidth, rope } = config;
  const isFresh = index >= config.layers - plan.reinitialize;
  const isWhole = isFresh || (plan.lora === null && index >= plan.freeze);
  const lora = isWhole || index < plan.freeze ? null : plan.lora;
  const linears = linearsOf(config);
  const adapted = linears.filter(({ name }) =>
    lora?.targets.some((target) => isTarget(name, target)),
  );
  const adapters = sum(adapted.map(({ inputs, outputs }) => inputs + outputs)) * (lora?.rank ?? 0);
  const norms = (rope ? 2 : 4) * width;
  const base = norms + sum(linears.map((linear) => sizeOf(linear)));

  /** Whether the input of any of these is needed on the way back. */
  const keeps = (...names: string[]) =>
    isWhole || (lora?.dropout === 0 && adapted.some(({ name }) => names.includes(name)));
  const asked = (heads + 2 * keyValueHeads) * headWidth;
  const attended = heads * headWidth;
  const inner = rope ? 2 * innerWidth : innerWidth;
  const held = [
    keeps('self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'attn.c_attn') ? width : 0,
    asked + (rope ? headWidth : 0),
    keeps('self_attn.o_proj', 'attn.c_proj') ? attended : 0,
    width,
    keeps('mlp.gate_proj', 'mlp.up_proj', 'mlp.c_fc') ? width : 0,
    inner,
    keeps('mlp.down_proj', 'mlp.c_proj') ? innerWidth : 0,
    width,
    // What goes into an adapter, where some of it is dropped, and what is between its two matrices.
    sum(adapted.map(({ inputs }) => lora!.rank + (lora!.dropout > 0 ? inputs : 0))),
  ];
  const rows = batch * length;
  return {
    parameters: base + adapters,
    trained: isWhole ? base : adapters,
    held: rows * sum(held) + batch * heads * length * length,
    output: rows * width,
    transient: rows * Math.max(inner + innerWidth + 3 * width, attended + 2 * asked + 5 * width),
  };
}

function linearsOf(config: DecoderConfig): readonly Linear[] {
  const { heads, keyValueHeads, headWidth, width, innerWidth } = config;
  const { attentionBias, outputBias, mlpBias } = config;
  const linear = (name: string, inputs: number, outputs: number, bias: boolean): Linear => ({
    ...{ name, inputs, outputs, bias },
  });
  if (config.modelType === 'gpt2') {
    return [
      linear('attn.c_attn', width, 3 * width, true),
      linear('attn.c_proj', width, width, true),
      linear('mlp.c_fc', width, innerWidth, true),
      linear('mlp.c_proj', innerWidth, width, true),
    ];
  }
  return [
    linear('self_attn.q_proj', width, heads * headWidth, attentionBias),
    linear('self_attn.k_proj', width, keyValueHeads * headWidth, attentionBias),
    linear('self_attn.v_proj', width, keyValueHeads * headWidth, attentionBias),
    linear('self_attn.o_proj', heads * headWidth, width, outputBias),
    linear('mlp.gate_proj', width, innerWidth, mlpBias),
    linear('mlp.up_proj', width, innerWidth, mlpBias),
    linear('mlp.down_proj', innerWidth, width, mlpBias),
  ];
}

function sizeOf({ inputs, outputs, bias }: Linear): number {
  return inputs * outputs + (bias ? outputs : 0);
}

/** Goes back through the parts: what is held becomes less, and gradients become more. */
function peakOf(parts: readonly Part[], shape: StepShape): number {
  const { groups, checkpointing } = shape;
  const lowest = parts.findIndex((part) => part.trained > 0);
  const isLayer = (at: number) => at > 0 && at < parts.length - 2;
  const isRecomputed = (at: number) => checkpointing && isLayer(at);
  const holds = (part: Part, at: number) => {
    if (at < lowest) return at === lowest - 1 ? part.output : 0;
    return isRecomputed(at) ? part.output : part.held;
  };
  let held = sum(parts.map(holds));
  let gradients = headGradients(parts, shape);
  let peak = held + lossPeak(parts, shape);
  for (let at = parts.length - 1; at >= lowest; at--) {
    const part = parts[at]!;
    // A tied head's gradients are there already.
    if (at < parts.length - 1) gradients += tiedToHead(at, shape) ? 0 : groups * part.trained;
    const again = isRecomputed(at) ? part.held : 0;
    const slope = part.output;
    peak = Math.max(peak, held + again + part.transient + slope + gradients);
    held -= holds(part, at);
  }
  return peak;
}

function tiedToHead(at: number, { config }: StepShape): boolean {
  return at === 0 && config.tiedEmbeddings;
}

/** Of all groups. */
function headGradients(parts: readonly Part[], { config, groups }: StepShape): number {
  return groups * (config.tiedEmbeddings ? parts[0]! : parts.at(-1)!).trained;
}

/** Logits and their slopes by blocks, and the head's gradients, which are put together of their groups'. */
function lossPeak(parts: readonly Part[], shape: StepShape): number {
  const { config, answerTokens, batch, length } = shape;
  const { vocabulary, width } = config;
  const rows = Math.min(answerTokens, LOGIT_BYTES / (BYTES * vocabulary));
  const logits = 2 * rows * vocabulary;
  const head = headGradients(parts, shape);
  return Math.max(logits + head, 2 * head) + 2 * answerTokens * width + batch * length * width;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
