import type {
  Activation,
  AttentionShape,
  WeightLayout,
} from '../../../src/backends/operations/operations.ts';

/** What the operations compute, as their formulas stand, in float64 and row-major. */

export type Values = Float64Array<ArrayBuffer>;

export function linear(
  [x, weight, bias]: readonly Values[],
  [rows, input, output]: readonly [number, number, number],
  layout: WeightLayout,
): Values {
  return filled(rows * output, (at) => {
    const [i, o] = divide(at, output);
    const w = (j: number) => weight![layout === 'out-in' ? o * input + j : j * output + o]!;
    return sum(input, (j) => x![i * input + j]! * w(j)) + (bias?.[o] ?? 0);
  });
}

export function activation(kind: Activation, x: Values): Values {
  return x.map((value) => activate(kind, value));
}

function activate(kind: Activation, x: number): number {
  switch (kind) {
    case 'gelu':
      return x * normalCdf(x);
    case 'gelu_new':
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'relu':
      return Math.max(x, 0);
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'tanh':
      return Math.tanh(x);
  }
}

export function gated([gate, up]: readonly Values[]): Values {
  return activation('silu', gate!).map((value, i) => value * up![i]!);
}

/** Of layers where β is given, else of root mean squares. */
export function norm([x, gamma, beta]: readonly Values[], width: number, epsilon: number): Values {
  return filled(x!.length, (at) => {
    const [i, j] = divide(at, width);
    const row = x!.subarray(i * width, (i + 1) * width);
    const mean = beta ? sum(width, (c) => row[c]!) / width : 0;
    const variance = sum(width, (c) => (row[c]! - mean) ** 2) / width;
    return (gamma![j]! * (row[j]! - mean)) / Math.sqrt(variance + epsilon) + (beta?.[j] ?? 0);
  });
}

/** @param factor of each probability, from dropout */
export function attention(
  [q, k, v]: readonly Values[],
  mask: Values,
  shape: AttentionShape,
  factor: (index: number) => number,
): Values {
  const { batch, queries, keys, heads, keyValueHeads, width, causal } = shape;
  const y = new Float64Array(batch * queries * heads * width);
  for (let index = 0; index < batch * heads * queries; index++) {
    const [unit, i] = divide(index, queries);
    const [b, head] = divide(unit, heads);
    const own = Math.floor(head / (heads / keyValueHeads));
    const ask = ((b * queries + i) * heads + head) * width;
    const asked = (j: number) => ((b * keys + j) * keyValueHeads + own) * width;
    const weights = filled(keys, (j) => {
      if (causal && j > i + keys - queries) return 0;
      const score = sum(width, (c) => q![ask + c]! * k![asked(j) + c]!);
      return Math.exp(score / Math.sqrt(width) + mask[b * keys + j]!);
    });
    const total = sum(keys, (j) => weights[j]!);
    for (let c = 0; c < width; c++) {
      y[ask + c] = sum(
        keys,
        (j) => (weights[j]! / total) * factor(index * keys + j) * v![asked(j) + c]!,
      );
    }
  }
  return y;
}

/** Each head's pairs as complex numbers, multiplied with e^(i·angle); angles [rows, half]. */
export function rotate(x: Values, angles: Values, width: number, half: number): Values {
  return filled(x.length, (at) => {
    const [i, column] = divide(at, width);
    const [head, c] = divide(column, 2 * half);
    const angle = angles[i * half + (c % half)]!;
    const first = i * width + head * 2 * half + (c % half);
    const [re, im] = [x[first]!, x[first + half]!];
    return c < half
      ? re * Math.cos(angle) - im * Math.sin(angle)
      : im * Math.cos(angle) + re * Math.sin(angle);
  });
}

export function crossEntropy(logits: Values, labels: Int32Array, classes: number): Values {
  return filled(labels.length, (i) => {
    if (labels[i]! < 0) return 0;
    const row = logits.subarray(i * classes, (i + 1) * classes);
    return Math.log(sum(classes, (j) => Math.exp(row[j]!))) - row[labels[i]!]!;
  });
}

/** ∂(Σ dy·f)/∂x of one of the inputs, by central differences. */
export function numericalGradient(
  f: (inputs: readonly Values[]) => Values,
  inputs: readonly Values[],
  which: number,
  dy: Values,
): Values {
  const step = 1e-5;
  const along = (index: number, change: number) => {
    const changed = inputs.map((values) => values.slice());
    changed[which]![index]! += change;
    const y = f(changed);
    return sum(y.length, (at) => dy[at]! * y[at]!);
  };
  return filled(
    inputs[which]!.length,
    (index) => (along(index, step) - along(index, -step)) / (2 * step),
  );
}

/** Φ by its series, which is exact enough where |x| < 6. */
function normalCdf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (x * x) / (2 * n + 1);
    total += term;
  }
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

function filled(length: number, value: (i: number) => number): Values {
  return Float64Array.from({ length }, (_, i) => value(i));
}

function divide(at: number, by: number): [number, number] {
  return [Math.floor(at / by), at % by];
}
