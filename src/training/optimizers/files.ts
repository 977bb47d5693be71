import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OptimizerState } from './optimizer.ts';

/** optimizer.json names the arrays of optimizer.bin in order; values are float32, little-endian as every machine we run on. */
const DESCRIPTION_FILE = 'optimizer.json';
const VALUES_FILE = 'optimizer.bin';

interface Description {
  readonly steps: number;
  readonly slots: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

export async function writeOptimizer(folder: string, state: OptimizerState): Promise<void> {
  const description: Description = {
    steps: state.steps,
    slots: state.slots.map(({ name, shape }) => ({ name, shape })),
  };
  const values = state.slots.map(({ values: { buffer, byteOffset, byteLength } }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  await writeFile(path.join(folder, VALUES_FILE), Buffer.concat(values), { flush: true });
  await writeFile(path.join(folder, DESCRIPTION_FILE), JSON.stringify(description), {
    flush: true,
  });
}

export async function readOptimizer(folder: string): Promise<OptimizerState> {
  const { steps, slots }: Description = JSON.parse(
    await readFile(path.join(folder, DESCRIPTION_FILE), 'utf8'),
  );
  const bytes = new Uint8Array(await readFile(path.join(folder, VALUES_FILE)));
  const all = new Float32Array(bytes.buffer);
  let at = 0;
  return {
    steps,
    slots: slots.map(({ name, shape }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = all.slice(at, at + size);
      at += size;
      return { name, shape, values };
    }),
  };
}
