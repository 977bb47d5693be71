import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import asc, { version } from 'assemblyscript/asc';

const root = new URL('../../../', import.meta.url);
const cache = new URL('.cache/', root);

/** AssemblyScript that becomes one WebAssembly module. */
export interface Assembly {
  /** Its name beside the bundle. */
  readonly file: string;
  /** The folder of its sources. */
  readonly sources: URL;
  /** Other folders that they import from. */
  readonly libraries?: readonly URL[];
  /** Arguments of `asc --enable`. */
  readonly features: readonly string[];
}

const options = [
  ...['--runtime', 'stub', '-O3', '--noAssert'],
  // The kernels work on memory that the caller allocates.
  ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
];

/**
 * All AssemblyScript of a folder as one WebAssembly module, cached by the hash of its sources.
 *
 * @throws Error with the compiler's messages
 */
export async function assembled({
  sources,
  libraries = [],
  features,
}: Assembly): Promise<Uint8Array<ArrayBuffer>> {
  const entries = await textsOf(sources);
  const files = new Map(entries);
  for (const library of libraries) {
    for (const [name, text] of await textsOf(library)) files.set(name, text);
  }
  const enabled = features.flatMap((feature) => ['--enable', feature]);
  const names = [...entries.keys()];
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([version, options, enabled, names, [...files]]))
    .digest('hex');
  const file = new URL(`assembled-${fingerprint.slice(0, 16)}.wasm`, cache);
  const compiled = await readFile(file).catch(() => null);
  if (compiled) return new Uint8Array(compiled);

  const wasm = await compile(names, files, enabled);
  await mkdir(cache, { recursive: true });
  // Atomic, because tests compile at the same time.
  const draft = new URL(`${file.href}.${process.pid}`);
  await writeFile(draft, wasm);
  await rename(draft, file);
  return wasm;
}

/** Compiles each of them into its file in a folder. */
export async function buildAssemblies(assemblies: readonly Assembly[], folder: URL): Promise<void> {
  for (const assembly of assemblies) {
    await writeFile(new URL(assembly.file, folder), await assembled(assembly));
  }
}

/** The texts in a folder by their paths from the root of the repository. */
async function textsOf(folder: URL): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const path = folder.href.slice(root.href.length);
  const texts = names.map(async (name): Promise<[string, string]> => {
    return [path + name, await readFile(new URL(name, folder), 'utf8')];
  });
  return new Map(await Promise.all(texts));
}

async function compile(
  entries: readonly string[],
  files: ReadonlyMap<string, string>,
  enabled: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [...entries, '--outFile', 'wasm', ...options, ...enabled],
    {
      readFile: (name) => files.get(name) ?? null,
      writeFile: (_, contents) => {
        wasm = new Uint8Array(contents as Uint8Array);
      },
      listFiles: () => [],
    },
  );
  if (error || !wasm)
    throw new Error(`the AssemblyScript does not compile: ${stderr}`, { cause: error });
  return wasm;
}
