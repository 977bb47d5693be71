import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of tfjs's WebAssembly: beside the bundle in dist/, or in node_modules when run from source. */
export function tfjsBinaries(): string {
  const folder = import.meta.url.endsWith('.ts')
    ? path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
    : fileURLToPath(new URL('./wasm', import.meta.url));
  return folder + path.sep;
}
