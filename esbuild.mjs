// Six bundles: extension host, `grain` (CLI and run process), its threads, engine worker, its threads, webviews. And kernels.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { assemblies } from './src/backends/wasm/assemblies.ts';
import { configJsonSchema } from './src/config/jsonSchema.ts';
import { buildAssemblies } from './src/engine/kernels/build.ts';

const require = createRequire(import.meta.url);
const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');

const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  logLevel: 'info',
  legalComments: 'linked',
};

/** CommonJS dependencies inside an ES module bundle still expect `require` and the names of their file and folder. */
const commonJsBanner = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
  'const { filename: __filename, dirname: __dirname } = import.meta;',
].join(' ');

const node = {
  ...common,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  external: ['vscode', 'webgpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
  banner: { js: commonJsBanner },
  // tfjs's backends register themselves when imported, which their package.json forgets to say of the files Node is given.
  ignoreAnnotations: true,
};

const bundles = [
  { ...node, entryPoints: { extension: 'src/extension/extension.ts' }, outdir: 'dist' },
  { ...node, entryPoints: { grain: 'src/cli/main.ts' }, outdir: 'dist' },
  { ...node, entryPoints: { 'engine-worker': 'src/engine/worker.ts' }, outdir: 'dist' },
  {
    ...node,
    entryPoints: { 'kernel-thread': 'src/engine/kernels/thread.ts' },
    outdir: 'dist',
  },
  {
    ...node,
    entryPoints: { 'training-thread': 'src/backends/wasm/thread.ts' },
    outdir: 'dist',
  },
  {
    ...common,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    entryPoints: {
      weights: 'webview/weights/main.ts',
      conflict: 'webview/conflict/main.ts',
      seedVariance: 'webview/seedVariance/main.ts',
      metrics: 'webview/metrics/main.ts',
    },
    outdir: 'dist/webview',
    loader: { '.ttf': 'file' },
  },
];

async function copyWasmKernels() {
  const source = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  await mkdir('dist/wasm', { recursive: true });
  for (const file of [
    'tfjs-backend-wasm.wasm',
    'tfjs-backend-wasm-simd.wasm',
    'tfjs-backend-wasm-threaded-simd.wasm',
  ]) {
    await cp(path.join(source, file), path.join('dist/wasm', file));
  }
}

await rm('dist', { recursive: true, force: true });
await copyWasmKernels();
await buildAssemblies(assemblies, new URL('dist/', import.meta.url));
await writeFile('dist/grain.schema.json', JSON.stringify(configJsonSchema(), null, 2));
if (watch) {
  for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
} else {
  await Promise.all(bundles.map((bundle) => esbuild.build(bundle)));
}
