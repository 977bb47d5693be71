// Seven bundles: extension host, `grain` (CLI and run process), its threads, engine worker, its threads, indexer of logs, webviews. And kernels, and an example.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { writeData } from './examples/quickstart/prepare.ts';
import { buildWheel } from './python/wheel.mjs';
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
  metafile: true,
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

/** A bundle whose dynamic imports load chunks; they lie beside it, for what code finds relative to its own file. */
const inChunks = (name, entry) => ({
  ...node,
  entryPoints: { [name]: entry },
  outdir: 'dist',
  splitting: true,
  chunkNames: `${name}.[name]-[hash]`,
});

const bundles = [
  // VS Code waits for the entry only, and each command loads what it needs.
  inChunks('extension', 'src/extension/extension.ts'),
  inChunks('grain', 'src/cli/main.ts'),
  { ...node, entryPoints: { 'engine-worker': 'src/engine/worker.ts' }, outdir: 'dist' },
  { ...node, entryPoints: { 'index-worker': 'src/runs/index/worker.ts' }, outdir: 'dist' },
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
      compare: 'webview/compare/main.ts',
      predictions: 'webview/predictions/main.ts',
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

/** What "Try an example" copies into the user's folder. */
async function copyExample() {
  await mkdir('dist/example');
  await cp('examples/quickstart/grain.yaml', 'dist/example/grain.yaml');
  writeData('dist/example/data');
}

/** The packages that the Python child of the device `torch` runs. */
async function copyPython() {
  const filter = (source) => !source.includes('__pycache__');
  for (const name of ['grain_backend', 'grain_ray', 'grain_torch']) {
    await cp(`python/${name}`, `dist/python/${name}`, { recursive: true, filter });
  }
}

/** Licences that allow what the VSIX does with a package: carry it, unchanged or minified, with its licence. */
const allowed =
  /^\(?(MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|CC-BY-4\.0)\b/;

/** Writes dist/LICENSES.txt: each package of which the bundles contain code, with its licence. */
async function writeLicenses(metafiles) {
  const folders = new Set(['node_modules/@tensorflow/tfjs-backend-wasm']);
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
        const [folder] = file.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/) ?? [];
        if (folder && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  const found = await Promise.all([...folders].sort().map(licenseOf));
  const packages = [...new Map(found.map((one) => [one.title, one])).values()];
  const unclear = packages.filter(({ license }) => !allowed.test(license));
  if (unclear.length > 0) {
    throw new Error(
      `Licences to be checked: ${unclear.map(({ title, license }) => `${title} (${license})`)}`,
    );
  }
  const text = packages.map(({ title, license, text }) => `${title}: ${license}\n\n${text}`);
  await writeFile('dist/LICENSES.txt', text.join(`\n${'-'.repeat(80)}\n\n`));
}

async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(
    await readFile(path.join(folder, 'package.json'), 'utf8'),
  );
  const files = (await readdir(folder)).filter((file) =>
    /^(licen[cs]e|copying|notice)/i.test(file),
  );
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  return {
    title: `${name} ${version}`,
    license: String(license),
    text: texts.join('\n') || `The text of this licence: https://spdx.org/licenses/\n`,
  };
}

await rm('dist', { recursive: true, force: true });
await copyWasmKernels();
await buildAssemblies(assemblies, new URL('dist/', import.meta.url));
await copyExample();
await copyPython();
await buildWheel('dist/python');
await writeFile('dist/grain.schema.json', JSON.stringify(configJsonSchema(), null, 2));
if (watch) {
  for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
} else {
  const built = await Promise.all(bundles.map((bundle) => esbuild.build(bundle)));
  await writeLicenses(built.map(({ metafile }) => metafile));
}
