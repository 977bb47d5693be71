import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');

/** A small tree with the rooms of this repository, which breaks no rule. */
const allowed = {
  'src/engine/gram.ts': 'export const gram = 1;',
  'src/engine/aggregators/mean.ts': "import { gram } from '../gram.ts'; export const mean = gram;",
  'src/config/schema.ts': "import { gram } from '../engine/gram.ts'; export const schema = gram;",
  'src/training/trainer.ts':
    "import { schema } from '../config/schema.ts'; export const trainer = schema;",
  'src/cli/main.ts': "import { trainer } from '../training/trainer.ts'; console.log(trainer);",
  'src/extension/messages/run.ts': 'export interface Run { readonly id: string }',
  'src/extension/extension.ts':
    "import * as vscode from 'vscode'; import { schema } from '../config/schema.ts'; vscode.window.setStatusBarMessage(schema);",
  'webview/page.ts':
    "import type { Run } from '../src/extension/messages/run.ts'; export type Shown = Run;",
};

interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

interface Report {
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
    }[];
  };
}

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'grain-rules-'));
  for (const file of ['tsconfig.json', 'package.json', '.dependency-cruiser.mjs']) {
    await copyFile(path.join(root, file), path.join(folder, file));
  }
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What `npm run lint` reports about the allowed tree with the planted files in it. */
async function violations(planted: Readonly<Record<string, string>>): Promise<Violation[]> {
  for (const room of ['src', 'webview']) {
    await rm(path.join(folder, room), { recursive: true, force: true });
  }
  for (const [name, text] of Object.entries({ ...allowed, ...planted })) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      ...['src', 'webview', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
    ],
    { cwd: folder, maxBuffer: 2 ** 24 },
  );
  const { summary } = JSON.parse(stdout) as Report;
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

/** Each file, or pair of files, breaks the rules beside it. */
const planted: readonly {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly rules: readonly string[];
}[] = [
  {
    name: 'an import of a higher room',
    files: { 'src/engine/up.ts': "import '../hub/download.ts';", 'src/hub/download.ts': '' },
    rules: ['engine-imports-only-itself'],
  },
  {
    name: 'the CLI importing the extension',
    files: { 'src/cli/aside.ts': "import '../extension/extension.ts';" },
    rules: [
      'cli-imports-only-engine-config-runs-environments-hub-data-backends-nn-training-experiment',
    ],
  },
  {
    name: 'a cycle between two files',
    files: {
      'src/runs/one.ts': "import './other.ts';",
      'src/runs/other.ts': "import './one.ts';",
    },
    rules: ['no-cycles'],
  },
  {
    name: 'a cycle between two folders, though none between files',
    files: {
      'src/nn/layers/linear.ts': "import '../module/shape.ts';",
      'src/nn/module/shape.ts': '',
      'src/nn/module/network.ts': "import '../layers/norm.ts';",
      'src/nn/layers/norm.ts': '',
    },
    rules: ['no-folder-cycles', 'no-folder-cycles'],
  },
  {
    name: 'vscode outside the extension',
    files: { 'src/runs/window.ts': "import { window } from 'vscode'; window.state;" },
    rules: ['only-the-extension-knows-vscode'],
  },
  {
    name: 'types of vscode outside the extension',
    files: { 'src/data/uri.ts': "import type { Uri } from 'vscode'; export type Place = Uri;" },
    rules: ['only-the-extension-knows-vscode'],
  },
  {
    name: 'training that the extension reaches through another room',
    files: {
      'src/extension/start.ts': "import '../experiment/launch.ts';",
      'src/experiment/launch.ts': "import '../training/trainer.ts';",
    },
    rules: ['the-extension-never-trains'],
  },
  {
    name: 'a file read by the engine',
    files: { 'src/engine/file.ts': "import { readFileSync } from 'node:fs'; readFileSync(0);" },
    rules: ['engine-is-pure'],
  },
  {
    name: 'a webview importing code of a room',
    files: { 'webview/solve.ts': "import { gram } from '../src/engine/gram.ts'; gram;" },
    rules: ['webview-imports-messages-as-types', 'webview-imports-only-message-types'],
  },
  {
    name: 'a webview importing types of the extension beside its messages',
    files: {
      'webview/host.ts':
        "import type { Host } from '../src/extension/extension.ts'; export type Own = Host;",
    },
    rules: ['webview-imports-only-message-types'],
  },
  {
    name: 'a webview importing values of messages',
    files: { 'webview/value.ts': "import '../src/extension/messages/run.ts';" },
    rules: ['webview-imports-messages-as-types'],
  },
  {
    name: 'the toolkit outside the controls',
    files: { 'webview/button.ts': "import '@vscode/webview-ui-toolkit';" },
    rules: ['toolkit-only-in-controls'],
  },
];

test('imports of lower rooms, of vscode in the extension and of types of messages are accepted', async () => {
  assert.deepEqual(await violations({}), []);
});

describe('the import rules refuse', () => {
  let found: Violation[];
  before(async () => {
    found = await violations(Object.assign({}, ...planted.map(({ files }) => files)));
  });

  for (const { name, files, rules } of planted) {
    test(name, () => {
      const names = Object.keys(files);
      const here = found.filter(({ from }) => names.some((file) => file.startsWith(from)));
      assert.deepEqual(here.map(({ rule }) => rule).sort(), rules);
    });
  }

  test('nothing else', () => {
    assert.equal(found.length, planted.flatMap(({ rules }) => rules).length);
  });
});
