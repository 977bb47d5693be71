/** Compiles the solver's kernel, src/engine/aggregators/assembly/panel.ts, into src/engine/aggregators/panel.ts: `npm run panel`. */
import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const source = new URL('../src/engine/aggregators/assembly/panel.ts', import.meta.url);
const target = new URL('../src/engine/aggregators/panel.ts', import.meta.url);
const constant = /(?<=const WASM =\s*')[^']*(?=')/;

/** @throws Error with the compiler's messages */
export async function compilePanel(): Promise<string> {
  let wasm: Uint8Array | undefined;
  const options = ['--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '--importMemory'];
  const { error, stderr } = await asc.main(['panel.ts', '--outFile', 'wasm', ...options], {
    readFile: (name) => (name === 'panel.ts' ? readFileSync(source, 'utf8') : null),
    writeFile: (_, contents) => {
      wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`the kernel does not compile: ${stderr}`, { cause: error });
  return Buffer.from(wasm).toString('base64');
}

if (import.meta.main) {
  const wasm = await compilePanel();
  writeFileSync(target, readFileSync(target, 'utf8').replace(constant, wasm));
}
