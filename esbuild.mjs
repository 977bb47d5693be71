// Everything in dist: the bundles, and kernels, Python packages, an example and licences.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { bundles } from './bundles.ts';
import { writeData } from './examples/quickstart/prepare.ts';
import { buildWheel } from './python/wheel.mjs';
import { assemblies } from './src/backends/wasm/assemblies.ts';
import { configJsonSchema } from './src/config/jsonSchema.ts';
import { buildAssemblies } from './src/engine/kernels/build.ts';

const require = createRequire(import.meta.url);
const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');

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
const settings = {
  minify: production,
  sourcemap: production ? false : 'linked',
  logLevel: 'info',
};
const builds = bundles.map((bundle) => ({ ...bundle, ...settings }));
if (watch) {
  for (const build of builds) await (await esbuild.context(build)).watch();
} else {
  const built = await Promise.all(builds.map((build) => esbuild.build(build)));
  await writeLicenses(built.map(({ metafile }) => metafile));
}
