import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { smollm2 } from '../../test/python/checkpoints.ts';
import { interpreter } from '../../test/python/python.ts';
import { cache } from '../peers/venv.ts';

/** Folders of the checkpoints that training starts from. */
export interface Checkpoints {
  /** BERT of 4 layers, 256 wide, a vocabulary of 1024: random. */
  readonly small: string;
  /** all-MiniLM-L6-v2 with a new head of two classes. */
  readonly minilm: string;
  /** SmolLM2-135M-Instruct. */
  readonly smollm2: string;
}

export const trainingPeer = fileURLToPath(new URL('../peers/training.py', import.meta.url));

/** Made from packages of the tests' Python, and cached. */
export async function checkpoints(): Promise<Checkpoints> {
  mkdirSync(cache, { recursive: true });
  const args = ['-W', 'ignore', trainingPeer, 'checkpoints', cache];
  const made = JSON.parse(execFileSync(interpreter(), args, { encoding: 'utf8' }));
  return { ...made, smollm2: await smollm2() };
}
