import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Data } from '../data/dataset.ts';
import type { SavedModel } from './objective/objective.ts';

interface Inputs {
  readonly data: Pick<Data, 'fingerprints'>;
  readonly model: SavedModel | null;
}

/** SHA-256, hex, of what runs are trained on and start from. */
export interface InputFingerprints {
  readonly train: string;
  readonly validation: string;
  readonly model?: string;
}

/** Reads all of the model, and nothing of the data, whose fingerprints were made as they were read. */
export async function inputFingerprints({ data, model }: Inputs): Promise<InputFingerprints> {
  return { ...data.fingerprints, ...(model && { model: await fingerprintOf(model) }) };
}

/** Of its files, one after another in the order of their names. */
async function fingerprintOf({ folder, files }: SavedModel): Promise<string> {
  const hash = createHash('sha256');
  for (const name of [...(await files())].sort()) {
    for await (const chunk of createReadStream(path.join(folder, name))) hash.update(chunk);
  }
  return hash.digest('hex');
}

/** What a bundled trainer is made of, besides its own bundle: engine and kernels decide bits too. */
const BESIDE = [
  ...['engine-worker.js', 'kernel-thread.js', 'kernels.wasm'],
  ...['training-thread.js', 'training-kernels.wasm', 'training-kernels-plain.wasm'],
];

/** SHA-256, hex, of the trainer itself: of its bundles, or of its sources when it runs from them. */
export function codeFingerprint(): string {
  const hash = createHash('sha256');
  for (const file of codeFiles()) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Where what runs in a trainer's process is. */
const rooms = [
  ...['engine', 'config', 'runs', 'hub', 'data', 'backends', 'nn', 'training', 'experiment'],
];

function codeFiles(): string[] {
  const self = import.meta.filename;
  if (!self.endsWith('.ts')) {
    return [self, ...BESIDE.map((name) => path.join(path.dirname(self), name))];
  }
  return rooms.flatMap((room) => {
    const folder = path.join(path.dirname(self), '..', room);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => path.join(folder, name));
  });
}
