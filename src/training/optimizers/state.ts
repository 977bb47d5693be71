import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { CheckpointError, fillBytes, readJson, validate } from '../../hub/checkpointFile.ts';
import type { NamedArray, OptimizerState } from './optimizer.ts';

const DESCRIPTION_FILE = 'optimizer.json';
const VALUES_FILE = 'optimizer.bin';

/** optimizer.json: the arrays in optimizer.bin, in order; their values are float32, little-endian. */
const optimizerDescription = z.object({
  steps: z.int().min(0),
  slots: z.array(z.object({ name: z.string(), shape: z.array(z.int().min(0)) })),
});

/** Writes array by array: together they may exceed what one buffer or one write can hold. */
export async function writeOptimizer(folder: string, state: OptimizerState): Promise<void> {
  const description: z.infer<typeof optimizerDescription> = {
    steps: state.steps,
    slots: state.slots.map(({ name, shape }) => ({ name, shape: [...shape] })),
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

/** @throws CheckpointError if a file is missing, damaged or too short */
export async function readOptimizer(folder: string): Promise<OptimizerState> {
  const descriptionFile = path.join(folder, DESCRIPTION_FILE);
  const { steps, slots: described } = validate(
    optimizerDescription,
    descriptionFile,
    await readJson(descriptionFile),
  );
  const valuesFile = path.join(folder, VALUES_FILE);
  const file = await open(valuesFile);
  try {
    const slots: NamedArray[] = [];
    let at = 0;
    for (const { name, shape } of described) {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = new Float32Array(size);
      const read = await fillBytes(file, bytesOf(values), at);
      if (read < values.byteLength) {
        const missing = values.byteLength - read;
        throw new CheckpointError(
          `${valuesFile} is too short: ${missing} bytes of ${name} are missing`,
        );
      }
      at += read;
      slots.push({ name, shape, values });
    }
    return { steps, slots };
  } finally {
    await file.close();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** One kind of state that an optimizer keeps for each variable, for instance a moving average; zero at first. */
export class Slots {
  readonly #name: string;
  #tensors: tf.Tensor[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** The state of the i-th variable. */
  of(i: number, variable: tf.Variable): tf.Tensor {
    this.#tensors[i] ??= tf.keep(tf.zerosLike(variable));
    return this.#tensors[i];
  }

  /** Replaces the state of the i-th variable. Takes ownership of the tensor. */
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

  /** Restores this kind's arrays, by their names, from the saved arrays of all kinds. */
  restore(saved: readonly NamedArray[]): void {
    this.dispose();
    const own = saved.filter(({ name }) => name.startsWith(`${this.#name}/`));
    // One by one, so that if one runs out of memory, dispose() finds those before it.
    own.forEach(({ values, shape }, i) => {
      this.set(i, tf.tensor(values, [...shape]));
    });
  }

  dispose(): void {
    tf.dispose(this.#tensors);
    this.#tensors = [];
  }
}
