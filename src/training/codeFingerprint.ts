import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

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
