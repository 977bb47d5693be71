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
  readonly groups: number;
  /** Gradients are combined part by part on the way back; else those of all groups are held to its end. */
  readonly byBlocks: boolean;
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
  /** One group's gradient: of a table of tokens no more than the rows that occur. */
  readonly gradient: number;
  /** Held between its ways there and back, its output included. */
  readonly held: number;
  /** Held in its place where it is gone through a second time. */
  readonly output: number;
  /** Made and let go again on its way back. */
  readonly transient: number;
}

/** The input, the layers, the norm above them, and the head. */
function partsOf(shape: StepShape): readonly Part[] {
  const { config, plan, length } = shape;
  const { layers, width, vocabulary, maxPositions, tiedEmbeddings } = config;
  const rows = shape.batch * shape.length;
  const isTrained = plan.lora === null;
  const plain = (parameters: number, trained: boolean, gradient = parameters): Part => ({
    ...{ parameters, trained: trained ? parameters : 0, gradient: trained ? gradient : 0 },
    ...{ held: rows * width, output: rows * width, transient: 0 },
  });
  const words = vocabulary * width;
  const input = words + (config.rope ? 0 : maxPositions * width);
  const seen = Math.min(rows, vocabulary) + (config.rope ? 0 : length);
  const norm = (config.rope ? 1 : 2) * width;
  return [
    plain(input, isTrained && plan.freeze === 0, tiedEmbeddings ? input : seen * width),
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
    gradient: isWhole ? base : adapters,
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
  const { groups, byBlocks, checkpointing, config } = shape;
  const lowest = parts.findIndex((part) => part.trained > 0);
  const isRecomputed = (at: number) => checkpointing && at > 0 && at < parts.length - 2;
  const holds = (part: Part, at: number) => {
    if (at < lowest) return at === lowest - 1 ? part.output : 0;
    return isRecomputed(at) ? part.output : part.held;
  };
  let held = sum(parts.map(holds));
  let gradients = groups * headGradient(parts, shape);
  let peak = held + lossPeak(parts, shape);
  for (let at = parts.length - 2; at >= lowest; at--) {
    const part = parts[at]!;
    const isThere = at === 0 && config.tiedEmbeddings;
    const stacked = isThere ? 0 : groups * part.gradient;
    const again = isRecomputed(at) ? part.held : 0;
    const here = held + again + part.transient + part.output;
    peak = Math.max(peak, here + gradients + stacked);
    gradients += byBlocks && !isThere ? part.trained : stacked;
    held -= holds(part, at);
  }
  const combined = sum(parts.map((part) => part.trained));
  return Math.max(peak, gradients + (byBlocks ? headGradient(parts, shape) : combined));
}

/** Of one group; that of a tied head is that of the table of tokens. */
function headGradient(parts: readonly Part[], { config }: StepShape): number {
  return (config.tiedEmbeddings ? parts[0]! : parts.at(-1)!).gradient;
}

/** Logits and their slopes by blocks, and the head's gradients, which are put together of their groups'. */
function lossPeak(parts: readonly Part[], shape: StepShape): number {
  const { config, answerTokens, batch, length, groups } = shape;
  const { vocabulary, width } = config;
  const rows = Math.min(answerTokens, LOGIT_BYTES / (BYTES * vocabulary));
  const logits = 2 * rows * vocabulary;
  const head = groups * headGradient(parts, shape);
  return Math.max(logits + head, 2 * head) + 2 * answerTokens * width + batch * length * width;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
