import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import asc, { version } from 'assemblyscript/asc';

const cache = new URL('../../../.cache/', import.meta.url);

const options = [
  ...['--runtime', 'stub', '-O3', '--noAssert'],
  ...['--enable', 'simd', '--enable', 'threads'],
  // Gradients are read where the trainer wrote them: the memory is the trainer's.
  ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
];

/** The kernels as WebAssembly, compiled from `assembly/`. */
export function kernelsFromSource(): Promise<Uint8Array<ArrayBuffer>> {
  return assembled(new URL('assembly/', import.meta.url));
}

/**
 * All AssemblyScript of a folder as one WebAssembly module, from an earlier compilation of the same sources if there is one.
 *
 * @throws Error with the compiler's messages
 */
export async function assembled(sources: URL): Promise<Uint8Array<ArrayBuffer>> {
  const names = (await readdir(sources)).filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, sources), 'utf8')));
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([version, options, names, texts]))
    .digest('hex');
  const file = new URL(`assembled-${fingerprint.slice(0, 16)}.wasm`, cache);
  const compiled = await readFile(file).catch(() => null);
  if (compiled) return new Uint8Array(compiled);

  const wasm = await compile(new Map(names.map((name, i) => [name, texts[i]!])));
  await mkdir(cache, { recursive: true });
  // Whole or not at all: tests compile side by side.
  const draft = new URL(`${file.href}.${process.pid}`);
  await writeFile(draft, wasm);
  await rename(draft, file);
  return wasm;
}

async function compile(files: ReadonlyMap<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([...files.keys(), '--outFile', 'wasm', ...options], {
    readFile: (name) => files.get(name) ?? null,
    writeFile: (_, contents) => {
      wasm = new Uint8Array(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error || !wasm)
    throw new Error(`the AssemblyScript does not compile: ${stderr}`, { cause: error });
  return wasm;
}
