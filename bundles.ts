/** Seven bundles: extension host, `grain` (CLI and run process), its threads, engine worker, its threads, indexer of logs, webviews. */
import type { BuildOptions } from 'esbuild';

const common = {
  bundle: true,
  legalComments: 'linked',
  metafile: true,
} as const satisfies BuildOptions;

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
} as const satisfies BuildOptions;

/** A bundle whose dynamic imports load chunks; they lie beside it, for what code finds relative to its own file. */
const inChunks = (name: string, entry: string) => ({
  ...node,
  entryPoints: { [name]: entry },
  outdir: 'dist',
  splitting: true,
  chunkNames: `${name}.[name]-[hash]`,
});

/** tfjs's backends register themselves when imported, which their package.json forgets to say of the files Node is given. */
const withTensorFlow = { ignoreAnnotations: true };

/** VS Code waits for the entry only, and each part loads what it needs. */
export const extension = inChunks('extension', 'src/extension/extension.ts');

export const bundles: readonly BuildOptions[] = [
  extension,
  { ...inChunks('grain', 'src/cli/main.ts'), ...withTensorFlow },
  { ...node, entryPoints: { 'engine-worker': 'src/engine/worker.ts' }, outdir: 'dist' },
  { ...node, entryPoints: { 'index-worker': 'src/runs/index/worker.ts' }, outdir: 'dist' },
  {
    ...node,
    entryPoints: { 'kernel-thread': 'src/engine/kernels/thread.ts' },
    outdir: 'dist',
  },
  {
    ...node,
    ...withTensorFlow,
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
      compare: 'webview/compare/main.ts',
      predictions: 'webview/predictions/main.ts',
      metrics: 'webview/metrics/main.ts',
    },
    outdir: 'dist/webview',
    loader: { '.ttf': 'file' },
  },
];
