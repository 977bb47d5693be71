import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { assemblies } from '../backends/wasm/assemblies.ts';
import type { Data } from '../data/dataset.ts';
import type { SavedModel } from './trainingTask.ts';

interface Inputs {
  readonly data: Pick<Data, 'fingerprints'>;
  readonly model: SavedModel | null;
}

/** SHA-256, hex, of the data and of the model that runs start from. */
export interface InputFingerprints {
  readonly train: string;
  readonly validation: string;
  readonly model?: string;
}

/** Reads the whole model; the data were fingerprinted when they were loaded. */
export async function inputFingerprints({ data, model }: Inputs): Promise<InputFingerprints> {
  return { ...data.fingerprints, ...(model && { model: await modelFingerprint(model) }) };
}

/** SHA-256 of the model's files, concatenated in the order of their names. */
async function modelFingerprint({ folder, files }: SavedModel): Promise<string> {
  const hash = createHash('sha256');
  for (const name of [...(await files())].sort()) {
    for await (const chunk of createReadStream(path.join(folder, name))) hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Besides its own bundle and its chunks, the files that decide a bundled trainer's results bit for bit. */
const OTHER_BUNDLES = [
  ...['engine-worker.js', 'kernel-thread.js', 'training-thread.js'],
  ...assemblies.map(({ file }) => file),
];

/** SHA-256, hex, of the trainer's own code: its bundles, or its sources if it runs from source. */
export function codeFingerprint(): string {
  const hash = createHash('sha256');
  for (const file of codeFiles()) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Folders with code that runs in a trainer's process. */
const rooms = [
  ...['engine', 'config', 'runs', 'hub', 'data', 'backends', 'nn', 'training', 'experiment'],
];

function codeFiles(): string[] {
  const folder = path.dirname(import.meta.filename);
  if (!import.meta.filename.endsWith('.ts')) {
    const own = readdirSync(folder)
      .filter((name) => /^grain\b.*\.js$/.test(name))
      .sort();
    const bundles = [...own, ...OTHER_BUNDLES].map((name) => path.join(folder, name));
    return [...bundles, ...pythonFiles(path.join(folder, 'python'))];
  }
  const sources = rooms.flatMap((room) => filesIn(path.join(folder, '..', room), '.ts'));
  return [...sources, ...pythonFiles(path.join(folder, '../../python'))];
}

/** The child process of the device `torch`. */
function pythonFiles(folder: string): string[] {
  return ['grain_backend', 'grain_torch'].flatMap((name) =>
    filesIn(path.join(folder, name), '.py'),
  );
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => path.join(folder, name));
}
