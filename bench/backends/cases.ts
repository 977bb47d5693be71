/** A BERT-like encoder (post-norm, exact GELU) with a classifier on the first token. */
export interface EncoderCase {
  readonly name: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly ffn: number;
  readonly vocabulary: number;
  readonly length: number;
  readonly batch: number;
  readonly classes: number;
  /** Rank of the adapters of queries and values, the only parameters trained then. 0: every parameter is trained. */
  readonly lora: number;
}

const small = {
  layers: 4,
  width: 256,
  heads: 4,
  ffn: 1024,
  vocabulary: 1024,
  length: 64,
  batch: 8,
  classes: 2,
};
const miniLm = { ...small, layers: 6, width: 384, heads: 12, ffn: 1536, vocabulary: 30522 };

export const cases: readonly EncoderCase[] = [
  { name: 'encoder 4 × 256', ...small, lora: 0 },
  { name: 'MiniLM, full', ...miniLm, lora: 0 },
  { name: 'MiniLM, LoRA', ...miniLm, lora: 8 },
];

export const products: readonly (readonly [m: number, k: number, n: number])[] = [
  [1024, 256, 1024],
  [512, 384, 1536],
];

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trained: boolean;
}

/** Every parameter in the order of the file of initial values; dense matrices are [in, out]. */
export function parametersOf(model: EncoderCase): Parameter[] {
  const { layers, width, ffn, vocabulary, length, classes, lora } = model;
  const all: [string, ...number[]][] = [
    ['tokens', vocabulary, width],
    ['positions', length, width],
    ['norm.gamma', width],
    ['norm.beta', width],
  ];
  for (let i = 0; i < layers; i++) {
    for (const part of ['query', 'key', 'value', 'mix']) {
      all.push([`${i}.${part}.weight`, width, width], [`${i}.${part}.bias`, width]);
    }
    for (const part of lora ? ['query', 'value'] : []) {
      all.push([`${i}.${part}.down`, width, lora], [`${i}.${part}.up`, lora, width]);
    }
    all.push(
      [`${i}.norm1.gamma`, width],
      [`${i}.norm1.beta`, width],
      [`${i}.wide.weight`, width, ffn],
      [`${i}.wide.bias`, ffn],
      [`${i}.narrow.weight`, ffn, width],
      [`${i}.narrow.bias`, width],
      [`${i}.norm2.gamma`, width],
      [`${i}.norm2.beta`, width],
    );
  }
  all.push(['head.weight', width, classes], ['head.bias', classes]);
  return all.map(([name, ...shape]) => ({
    name,
    shape,
    trained: lora === 0 || /\.(up|down)$|^head/.test(name),
  }));
}

/** Multiplications and additions of all matrix products of a step: forward, and backward for what is trained. */
export function flopsOf(model: EncoderCase): number {
  const { layers, width, ffn, length, batch, heads, lora } = model;
  const rows = batch * length;
  const dense = 2 * rows * (4 * width * width + 2 * width * ffn);
  const scores = 2 * 2 * batch * heads * length * length * (width / heads);
  const adapters = 2 * rows * 4 * width * lora;
  return layers * ((lora ? 2 : 3) * dense + 3 * scores + 3 * adapters);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Token ids, additive mask (the last eighth of each sequence is padding) and labels of the one batch. */
export function batchOf({ batch, length, vocabulary, classes }: EncoderCase) {
  const padding = length / 8;
  return {
    ids: Int32Array.from({ length: batch * length }, (_, i) => (i * 7919 + 13) % vocabulary),
    mask: Float32Array.from({ length: batch * length }, (_, i) =>
      i % length < length - padding ? 0 : -10_000,
    ),
    labels: Int32Array.from({ length: batch }, (_, i) => i % classes),
  };
}
