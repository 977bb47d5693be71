import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { extension } from '../../../bundles.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** A window loads this while VS Code starts; it was 302 kB with the mathematics of the aggregators and all of zod. */
const WORKBENCH_KB = 195;

let outputs: Metafile['outputs'];

before(async () => {
  const { metafile } = await build({
    ...extension,
    absWorkingDir: root,
    minify: true,
    write: false,
    logLevel: 'error',
  });
  ({ outputs } = metafile);
});

/** The chunks that are loaded together with a source file. */
function chunksOf(source: string): Metafile['outputs'][string][] {
  const [file] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source) ?? [];
  assert.ok(file, source);
  const files = new Set([file]);
  for (const one of files) {
    for (const { path, kind, external } of outputs[one]!.imports) {
      if (kind === 'import-statement' && !external) files.add(path);
    }
  }
  return [...files].map((one) => outputs[one]!);
}

/** The source files that are loaded together with one. */
function loadedWith(source: string): string[] {
  return chunksOf(source).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input]) => input.replace(/^.*node_modules\//, '')),
  );
}

test('VS Code waits for one small file when it starts the extension', () => {
  assert.deepEqual(loadedWith('src/extension/extension.ts'), ['src/extension/extension.ts']);
});

test('a window without configs and panels loads nothing that is for them', () => {
  const loaded = loadedWith('src/extension/workbench.ts');
  assert.ok(loaded.includes('src/extension/explorer/runExplorer.ts'));
  const forOthers =
    /^(yaml|src\/config\/(schema|editing)|src\/experiment\/(outcome|verdict)|src\/data|src\/extension\/(panels|launch|setup|configWizard|commands))/;
  assert.deepEqual(
    loaded.filter((file) => forOthers.test(file)),
    [],
  );
});

test('a window without panels knows aggregators by their descriptions', () => {
  const loaded = loadedWith('src/extension/workbench.ts');
  assert.ok(loaded.includes('src/engine/aggregators/grain.ts'));
  const mathematics =
    /^(ml-matrix|src\/engine\/(minNorm|aggregate|spectrum|aggregators\/weightings))/;
  assert.deepEqual(
    loaded.filter((file) => mathematics.test(file)),
    [],
  );
});

test('what a window loads stays small', () => {
  const bytes = chunksOf('src/extension/workbench.ts').reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(bytes < WORKBENCH_KB * 1000, `${bytes} bytes`);
});
