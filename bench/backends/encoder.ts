import * as tf from '@tensorflow/tfjs-core';
/** Registers the gradients of tfjs's own operations. */
import '@tensorflow/tfjs-layers';
import { batchOf, type EncoderCase, parametersOf } from './cases.ts';
import { LEARNING_RATE, type Task } from './engine.ts';
import { profile } from './profile.ts';

/** What an encoder is made of, over [rows, width] matrices; tfjs differentiates it. */
export interface Operations {
  dense(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D;
  add(x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D;
  gelu(x: tf.Tensor2D): tf.Tensor2D;
  layerNorm(x: tf.Tensor2D, gamma: tf.Tensor1D, beta: tf.Tensor1D): tf.Tensor2D;
  /** Queries, keys and values [batch·length, width]; mask [batch, length]. */
  attention(
    q: tf.Tensor2D,
    k: tf.Tensor2D,
    v: tf.Tensor2D,
    mask: tf.Tensor2D,
    heads: number,
  ): tf.Tensor2D;
  descend(variable: tf.Variable, gradient: tf.Tensor, rate: number): void;
}

/** The same with tfjs's own operations alone. */
export const plain: Operations = {
  dense: (x, weight, bias) => tf.add(tf.matMul(x, weight), bias),
  add: (x, y) => tf.add(x, y),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  layerNorm: (x, gamma, beta) => {
    const centred = tf.sub(x, tf.mean(x, 1, true));
    const variance = tf.mean(tf.square(centred), 1, true);
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-12))), gamma), beta);
  },
  attention: (q, k, v, mask, heads) => {
    const [batch, length] = mask.shape;
    const width = q.shape[1] / heads;
    const split = (x: tf.Tensor2D) =>
      tf.transpose(tf.reshape(x, [batch, length, heads, width]), [0, 2, 1, 3]);
    const scores = tf.mul(tf.matMul(split(q), split(k), false, true), 1 / Math.sqrt(width));
    const weights = tf.softmax(tf.add(scores, tf.reshape(mask, [batch, 1, 1, length])));
    const mixed = tf.matMul(weights, split(v));
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * length, q.shape[1]]);
  },
  descend: (variable, gradient, rate) =>
    tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(gradient, rate)))),
};

export class Encoder {
  readonly trained: readonly tf.Variable[];
  readonly #parameters = new Map<string, tf.Tensor>();
  readonly #model: EncoderCase;
  readonly #operations: Operations;
  readonly #ids: tf.Tensor1D;
  readonly #mask: tf.Tensor2D;
  readonly #labels: tf.Tensor2D;

  /** @param share which examples of the batch: [first, end). */
  constructor(
    model: EncoderCase,
    initial: readonly Float32Array[],
    operations: Operations,
    share: readonly [number, number] = [0, model.batch],
  ) {
    const { length, classes } = model;
    const { ids, mask, labels } = batchOf(model);
    const [first, end] = share;
    this.#model = { ...model, batch: end - first };
    this.#operations = operations;
    this.trained = parametersOf(model).flatMap(({ name, shape, trained }, i) => {
      const value = tf.tensor(initial[i]!, [...shape]);
      const parameter = trained ? tf.variable(value, true, `${name} ${tf.util.now()}`) : value;
      if (trained) value.dispose();
      this.#parameters.set(name, parameter);
      return trained ? [parameter as tf.Variable] : [];
    });
    this.#ids = tf.tensor1d(ids.slice(first * length, end * length));
    this.#mask = tf.tensor2d(mask.slice(first * length, end * length), [end - first, length]);
    this.#labels = tf.tidy(() =>
      tf.cast(tf.oneHot(tf.tensor1d(labels.slice(first, end)), classes), 'float32'),
    ) as tf.Tensor2D;
  }

  /** Mean cross-entropy, a scalar, and its gradients in the order of `trained`. */
  gradients(): { value: tf.Scalar; grads: tf.Tensor[] } {
    const { value, grads } = tf.variableGrads(() => this.#loss(), [...this.trained]);
    return { value, grads: this.trained.map(({ name }) => grads[name]!) };
  }

  dispose(): void {
    for (const parameter of this.#parameters.values()) parameter.dispose();
    tf.dispose([this.#ids, this.#mask, this.#labels]);
  }

  #loss(): tf.Scalar {
    const { batch, length, width, layers, heads } = this.#model;
    const { add, gelu, attention } = this.#operations;
    const words = tf.gather(this.#get('tokens'), this.#ids);
    const placed = tf.add(tf.reshape(words, [batch, length, width]), this.#get('positions'));
    let x = this.#norm(tf.reshape(placed, [batch * length, width]), 'norm');
    for (let i = 0; i < layers; i++) {
      const [q, k, v] = ['query', 'key', 'value'].map((part) => this.#dense(x, `${i}.${part}`));
      const mixed = this.#dense(attention(q!, k!, v!, this.#mask, heads), `${i}.mix`);
      x = this.#norm(add(x, mixed), `${i}.norm1`);
      const inner = gelu(this.#dense(x, `${i}.wide`));
      x = this.#norm(add(x, this.#dense(inner, `${i}.narrow`)), `${i}.norm2`);
    }
    const first = tf.slice(tf.reshape(x, [batch, length, width]), [0, 0, 0], [batch, 1, width]);
    const logits = plain.dense(
      tf.reshape(first, [batch, width]),
      this.#get('head.weight'),
      this.#get('head.bias'),
    );
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), this.#labels), 1)));
  }

  #dense(x: tf.Tensor2D, name: string): tf.Tensor2D {
    const y = this.#operations.dense(x, this.#get(`${name}.weight`), this.#get(`${name}.bias`));
    if (!this.#parameters.has(`${name}.down`)) return y;
    const low = tf.matMul(x, this.#get<tf.Tensor2D>(`${name}.down`));
    return this.#operations.add(y, tf.matMul(low, this.#get<tf.Tensor2D>(`${name}.up`)));
  }

  #norm(x: tf.Tensor2D, name: string): tf.Tensor2D {
    return this.#operations.layerNorm(x, this.#get(`${name}.gamma`), this.#get(`${name}.beta`));
  }

  #get<T extends tf.Tensor>(name: string): T {
    return this.#parameters.get(name) as T;
  }
}

/** A whole step on tfjs's current backend. */
export function encoderStep(
  model: EncoderCase,
  initial: readonly Float32Array[],
  operations: Operations,
): Task {
  const encoder = new Encoder(model, initial, operations);
  const run = () => {
    const { value, grads } = encoder.gradients();
    encoder.trained.forEach((variable, i) => {
      operations.descend(variable, grads[i]!, LEARNING_RATE);
    });
    const loss = value.dataSync()[0]!;
    tf.dispose([value, ...grads]);
    return loss;
  };
  return {
    run,
    profile: (steps) => profile(run, steps),
    dispose: () => encoder.dispose(),
  };
}

/** A product of two matrices on tfjs's current backend. */
export function productTask(m: number, k: number, n: number): Task {
  const a = tf.randomNormal<tf.Rank.R2>([m, k]);
  const b = tf.randomNormal<tf.Rank.R2>([k, n]);
  return {
    run: () => {
      tf.matMul(a, b).dispose();
      return 0;
    },
    dispose: () => tf.dispose([a, b]),
  };
}
