import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Data } from '../data/dataset.ts';
import type { SavedModel } from './objective/task.ts';

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
export async function fingerprintsOf({ data, model }: Inputs): Promise<InputFingerprints> {
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
