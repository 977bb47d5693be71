import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let outputs: Metafile['outputs'];

before(async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/extension/extension.ts'],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: ['vscode'],
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  ({ outputs } = metafile);
});

/** The source files that are loaded together with one. */
function loadedWith(source: string): string[] {
  const [file] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source) ?? [];
  assert.ok(file, source);
  const files = new Set([file]);
  for (const one of files) {
    for (const { path, kind, external } of outputs[one]!.imports) {
      if (kind === 'import-statement' && !external) files.add(path);
    }
  }
  return [...files].flatMap((one) =>
    Object.keys(outputs[one]!.inputs).map((input) => input.replace(/^.*node_modules\//, '')),
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
