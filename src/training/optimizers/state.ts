import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { fillBytes } from '../../hub/files/fillBytes.ts';
import type { NamedArray, OptimizerState } from './optimizer.ts';

/** optimizer.json names the arrays of optimizer.bin in order; values are float32, little-endian as every machine we run on. */
const DESCRIPTION_FILE = 'optimizer.json';
const VALUES_FILE = 'optimizer.bin';

interface Description {
  readonly steps: number;
  readonly slots: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Array by array, as is read: together they may have more bytes than one buffer or one read takes. */
export async function writeOptimizer(folder: string, state: OptimizerState): Promise<void> {
  const description: Description = {
    steps: state.steps,
    slots: state.slots.map(({ name, shape }) => ({ name, shape })),
  };
  const file = await open(path.join(folder, VALUES_FILE), 'w');
  try {
    for (const { values } of state.slots) await file.writeFile(bytesOf(values));
    await file.sync();
  } finally {
    await file.close();
  }
  await writeFile(path.join(folder, DESCRIPTION_FILE), JSON.stringify(description), {
    flush: true,
  });
}

/** @throws Error if the values end too early */
export async function readOptimizer(folder: string): Promise<OptimizerState> {
  const { steps, slots }: Description = JSON.parse(
    await readFile(path.join(folder, DESCRIPTION_FILE), 'utf8'),
  );
  const name = path.join(folder, VALUES_FILE);
  const file = await open(name);
  try {
    const filled: NamedArray[] = [];
    let at = 0;
    for (const slot of slots) {
      const size = slot.shape.reduce((product, length) => product * length, 1);
      const values = new Float32Array(size);
      const came = await fillBytes(file, bytesOf(values), at);
      if (came < values.byteLength) {
        throw new Error(`${name} ends within ${slot.name}, which optimizer.json says is whole`);
      }
      at += came;
      filled.push({ ...slot, values });
    }
    return { steps, slots: filled };
  } finally {
    await file.close();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A kind of memory that an optimizer keeps for each variable, zero at first: a moving average, say. */
export class Slots {
  readonly #name: string;
  #tensors: tf.Tensor[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** What is remembered for the i-th variable. */
  of(i: number, variable: tf.Variable): tf.Tensor {
    this.#tensors[i] ??= tf.keep(tf.zerosLike(variable));
    return this.#tensors[i];
  }

  /** Remembers a tensor, which it keeps, in the place of the one before. */
  set(i: number, tensor: tf.Tensor): void {
    this.#tensors[i]?.dispose();
    this.#tensors[i] = tf.keep(tensor);
  }

  async read(): Promise<NamedArray[]> {
    return Promise.all(
      this.#tensors.map(async (tensor, i) => ({
        name: `${this.#name}/${i}`,
        shape: tensor.shape,
        values: await tensor.data<'float32'>(),
      })),
    );
  }

  /** Takes its own arrays from the saved ones. */
  restore(saved: readonly NamedArray[]): void {
    this.dispose();
    const own = saved.filter(({ name }) => name.startsWith(`${this.#name}/`));
    // One by one: where one finds no room, those before it are still disposed of.
    own.forEach(({ values, shape }, i) => {
      this.set(i, tf.tensor(values, [...shape]));
    });
  }

  dispose(): void {
    tf.dispose(this.#tensors);
    this.#tensors = [];
  }
}
