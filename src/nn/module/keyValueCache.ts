import * as tf from '@tensorflow/tfjs-core';
import { MASKED, type Matrix } from '../../backends/operations/operations.ts';

/** Rows of tokens, [batch·keys, width] each. */
export interface KeysAndValues {
  readonly key: Matrix;
  readonly value: Matrix;
}

/**
 * The KV cache of a batch of texts being generated, left-padded to one length. Each pass reallocates a layer's keys and values
 * with the new rows appended, which costs less than the attention over them. So the cache is never larger than the texts, plus
 * one layer's copy.
 */
export class KeyValueCache {
  /** Position of each token of the current pass in its text; length batch·length. */
  positions: Int32Array = new Int32Array();
  readonly #layers = new Map<string, KeysAndValues>();
  /** Tokens of padding before each text. */
  #padding: readonly number[];
  /** Number of tokens of each text in the cache, padding included. */
  #length = 0;

  constructor(padding: readonly number[]) {
    this.#padding = padding;
  }

  /**
   * Prepares for a pass over the next tokens of each text.
   *
   * @param tokens number of them
   * @returns the mask of that pass, owned by the caller
   */
  advance(tokens: number): tf.Tensor2D {
    const from = this.#length;
    this.#length += tokens;
    this.positions = Int32Array.from(
      this.#padding.flatMap((padding) =>
        // Padding is masked, so its position does not matter.
        Array.from({ length: tokens }, (_, i) => Math.max(from + i - padding, 0)),
      ),
    );
    const mask = new Float32Array(this.#padding.length * this.#length);
    for (const [text, padding] of this.#padding.entries()) {
      mask.fill(MASKED, text * this.#length, text * this.#length + padding);
    }
    return tf.tensor2d(mask, [this.#padding.length, this.#length]);
  }

  /** Appends a layer's keys and values of this pass. @returns those of all tokens, owned by the cache */
  extend(layer: string, { key, value }: KeysAndValues): KeysAndValues {
    const before = this.#layers.get(layer);
    return this.#set(layer, {
      key: this.#concat(before?.key, key),
      value: this.#concat(before?.value, value),
    });
  }

  /** Removes all texts but these. */
  select(texts: readonly number[]): void {
    const rows = texts.flatMap((text) =>
      Array.from({ length: this.#length }, (_, i) => text * this.#length + i),
    );
    for (const [layer, { key, value }] of this.#layers) {
      const select = (all: Matrix) => tf.gather(all, tf.tensor1d(rows, 'int32'));
      this.#set(
        layer,
        tf.tidy(() => ({ key: select(key), value: select(value) })),
      );
    }
    this.#padding = texts.map((text) => this.#padding[text]!);
  }

  dispose(): void {
    for (const { key, value } of this.#layers.values()) tf.dispose([key, value]);
    this.#layers.clear();
  }

  #set(layer: string, all: KeysAndValues): KeysAndValues {
    const before = this.#layers.get(layer);
    if (before) tf.dispose([before.key, before.value]);
    tf.keep(all.key);
    tf.keep(all.value);
    this.#layers.set(layer, all);
    return all;
  }

  #concat(before: Matrix | undefined, added: Matrix): Matrix {
    if (!before) return tf.clone(added);
    const width = added.shape[1];
    const byText = (rows: Matrix): tf.Tensor3D =>
      tf.reshape(rows, [this.#padding.length, -1, width]);
    return tf.tidy(() => tf.reshape(tf.concat([byText(before), byText(added)], 1), [-1, width]));
  }
}
