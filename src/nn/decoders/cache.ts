import * as tf from '@tensorflow/tfjs-core';
import { MASKED, type Matrix } from '../../backends/operations/operations.ts';
import type { KeysAndValues, Past } from '../module/pass.ts';

/**
 * Keys and values of texts that are being written, padded to one length at their beginnings. It grows by each pass: what is kept
 * of a layer is copied to where the new rows follow, which costs less than the attention over it that comes next. So it is never
 * larger than the texts are long, but for one layer's part twice.
 */
export class KeyValueCache implements Past {
  positions: Int32Array = new Int32Array();
  readonly #kept = new Map<string, KeysAndValues>();
  /** Tokens of padding before each text. */
  #padding: readonly number[];
  /** Tokens of each text that went through, padding included. */
  #length = 0;

  constructor(padding: readonly number[]) {
    this.#padding = padding;
  }

  /**
   * Makes ready for a pass of so many tokens of each text.
   *
   * @returns the mask of that pass; the caller's
   */
  advance(tokens: number): tf.Tensor2D {
    const from = this.#length;
    this.#length += tokens;
    this.positions = Int32Array.from(
      this.#padding.flatMap((padding) =>
        // Nothing sees what stands at the place of padding: any position does.
        Array.from({ length: tokens }, (_, i) => Math.max(from + i - padding, 0)),
      ),
    );
    const mask = new Float32Array(this.#padding.length * this.#length);
    for (const [text, padding] of this.#padding.entries()) {
      mask.fill(MASKED, text * this.#length, text * this.#length + padding);
    }
    return tf.tensor2d(mask, [this.#padding.length, this.#length]);
  }

  extend(place: string, { key, value }: KeysAndValues): KeysAndValues {
    const before = this.#kept.get(place);
    return this.#keep(place, {
      key: this.#joined(before?.key, key),
      value: this.#joined(before?.value, value),
    });
  }

  /** Keeps these of the texts alone. */
  select(texts: readonly number[]): void {
    const rows = texts.flatMap((text) =>
      Array.from({ length: this.#length }, (_, i) => text * this.#length + i),
    );
    for (const [place, { key, value }] of this.#kept) {
      const of = (all: Matrix) => tf.gather(all, tf.tensor1d(rows, 'int32'));
      this.#keep(
        place,
        tf.tidy(() => ({ key: of(key), value: of(value) })),
      );
    }
    this.#padding = texts.map((text) => this.#padding[text]!);
  }

  dispose(): void {
    for (const { key, value } of this.#kept.values()) tf.dispose([key, value]);
    this.#kept.clear();
  }

  #keep(place: string, kept: KeysAndValues): KeysAndValues {
    const before = this.#kept.get(place);
    if (before) tf.dispose([before.key, before.value]);
    tf.keep(kept.key);
    tf.keep(kept.value);
    this.#kept.set(place, kept);
    return kept;
  }

  #joined(before: Matrix | undefined, added: Matrix): Matrix {
    if (!before) return tf.clone(added);
    const width = added.shape[1];
    const byText = (rows: Matrix): tf.Tensor3D =>
      tf.reshape(rows, [this.#padding.length, -1, width]);
    return tf.tidy(() => tf.reshape(tf.concat([byText(before), byText(added)], 1), [-1, width]));
  }
}
