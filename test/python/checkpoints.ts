import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { python } from './python.ts';

/** Real checkpoints that the Python of the tests carries. Each is the path of a folder. */

/** all-MiniLM-L6-v2: a BERT of 6 layers, 22.7 million parameters. */
export async function minilm(): Promise<string> {
  return (await python('checkpoints.py', ['minilm'])).trim();
}

/**
 * SmolLM2-135M-Instruct, from numbers of 4 bits. It is unpacked once, which takes half a minute, and again if the script
 * that unpacks it or the packages change.
 */
export async function smollm2(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of ['decoders_peer.py', 'requirements.txt', 'checkpoints.txt']) {
    hash.update(readFileSync(path.join(import.meta.dirname, source)));
  }
  const name = `smollm2-135m-instruct-${hash.digest('hex').slice(0, 12)}`;
  const folder = path.resolve(import.meta.dirname, '../../.cache', name);
  if (!existsSync(folder)) await python('decoders_peer.py', ['smollm2', folder]);
  return folder;
}

/**
 * Makes a tiny random checkpoint: a BERT with dropout and no head, a Llama, or what the folder is named after.
 * @param texts whose words its tokenizer knows; for `images` the names of images to make beside the folder
 */
export async function tiny(
  kind: 'encoder' | 'decoder' | 'architecture' | 'images',
  folder: string,
  texts: readonly string[],
): Promise<void> {
  await python('tiny.py', [kind, folder, JSON.stringify(texts)]);
}
