import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  formatInspection,
  inspect,
  missingPackages,
} from '../../../src/environments/inspection.ts';
import { installInto, makeEnvironment } from '../../../src/environments/installation.ts';
import { runProgram } from '../../../src/environments/program.ts';
import { causeOf, SetupError } from '../../../src/environments/setupFailure.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-setup-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SYSTEM = '/usr/bin/python3';
const options = { skip: !existsSync(SYSTEM) && `${SYSTEM} is missing`, concurrency: false };

describe('a bare Python', options, () => {
  const bare = path.join(folder, 'bare');
  const python = path.join(bare, 'bin', 'python');
  execFileSync(existsSync(SYSTEM) ? SYSTEM : 'true', ['-m', 'venv', '--without-pip', bare]);

  test('says what it has, and not what the working directory has', async () => {
    writeFileSync(path.join(folder, 'json.py'), 'raise SystemExit("taken for the library")');
    const found = await inspect(python);
    assert.ok(!('problem' in found));
    assert.equal(found.packages.torch, null);
    assert.equal(found.hasPip, false);
    assert.equal(found.isManaged, false);
    assert.deepEqual(found.devices, []);
    assert.ok(missingPackages(found).includes('grain_torch'));
    assert.match(formatInspection(found), /^Python 3\.\d+\.\d+; without torch, .*grain_torch$/);
  });

  test('says what its PyTorch was built for without importing it', async () => {
    const packages = String(
      execFileSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']),
    ).trim();
    mkdirSync(path.join(packages, 'torch'));
    writeFileSync(path.join(packages, 'torch/__init__.py'), 'raise OSError("not to be imported")');
    const builds: [string, string][] = [
      ['cuda = "12.8"\nhip = None', 'built for CUDA 12.8'],
      ['cuda: str = None\nhip = "6.4"', 'built for ROCm 6.4'],
      ['cuda = None\nhip = None', 'built without a GPU'],
    ];
    mkdirSync(path.join(packages, 'torch-2.9.dist-info'));
    writeFileSync(
      path.join(packages, 'torch-2.9.dist-info/METADATA'),
      'Metadata-Version: 2.1\nName: torch\nVersion: 2.9\n',
    );
    try {
      for (const [facts, words] of builds) {
        writeFileSync(path.join(packages, 'torch/version.py'), facts);
        const found = await inspect(python, { light: true });
        assert.ok(!('problem' in found));
        assert.match(formatInspection(found), new RegExp(`, torch 2\\.9, ${words}`));
      }
      const imported = await inspect(python);
      assert.ok(!('problem' in imported));
      assert.equal(imported.torchProblem, 'not to be imported');
    } finally {
      for (const name of ['torch', 'torch-2.9.dist-info']) {
        rmSync(path.join(packages, name), { recursive: true });
      }
    }
  });

  test('without pip, and without uv, nothing is installed into it', async () => {
    const found = await inspect(python);
    assert.ok(!('problem' in found));
    const env = { ...process.env, PATH: folder };
    await assert.rejects(installInto(python, found, { env }), causedBy('noPip'));
  });

  test('one that is too old, or the system’s, is refused before anything is run', async () => {
    const found = await inspect(python);
    assert.ok(!('problem' in found));
    await assert.rejects(
      installInto(python, { ...found, version: '3.9.18' }),
      causedBy('pythonTooOld'),
    );
    await assert.rejects(
      installInto(python, { ...found, isManaged: true }),
      causedBy('externallyManaged'),
    );
  });
});

describe('a new environment', options, () => {
  const withoutUv = { ...process.env, PATH: '/usr/bin:/bin' };
  const wheel = path.join(folder, 'grain_torch.whl');

  test('cannot be where a file is in the way, and says so', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    const env = { ...withoutUv, GRAIN_STORAGE: path.join(file, 'storage') };
    await assert.rejects(makeEnvironment(SYSTEM, { env, wheel }), SetupError);
  });

  test('can be cancelled, and nothing is left', async () => {
    const storage = path.join(folder, 'cancelled');
    const abort = new AbortController();
    const made = makeEnvironment(SYSTEM, {
      env: { ...withoutUv, GRAIN_STORAGE: storage },
      signal: abort.signal,
      wheel,
    });
    setTimeout(() => abort.abort(), 300);
    await assert.rejects(made, causedBy('cancelled'));
    assert.deepEqual(readdirSync(storage), []);
  });
});

test('a program that takes too long ends with what it has started', {
  skip: process.platform === 'win32',
}, async () => {
  const mark = path.join(folder, 'mark');
  mkdirSync(mark);
  const script = `(sleep 2; touch ${mark}/late) & echo started; wait`;
  const ended = await runProgram('/bin/sh', ['-c', script], { timeout: 300 });
  assert.equal(ended.cut, 'timedOut');
  assert.deepEqual(ended.stdout, ['started']);
  await sleep(2500);
  assert.deepEqual(readdirSync(mark), []);
});

test('a program that does not exist is not started', async () => {
  const ended = await runProgram(path.join(folder, 'none'), []);
  assert.equal(causeOf(ended), 'notStarted');
});

/** As the programs print them. */
const printed = {
  noSpace: [
    'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
  ],
  externallyManaged: ['error: externally-managed-environment'],
  noEnsurepip: [
    'The virtual environment was not created successfully because ensurepip is not',
    'available.  On Debian/Ubuntu systems, you need to install the python3-venv',
  ],
  noPip: ['/opt/venv/bin/python: No module named pip'],
  noNetwork: [
    "WARNING: Retrying after connection broken by 'NewConnectionError('<pip._vendor…>: Failed to establish a new connection: [Errno 111] Connection refused')'",
    'ERROR: No matching distribution found for torch>=2.4',
  ],
  pythonTooOld: ["ERROR: Package 'grain-torch' requires a different Python: 3.9.2 not in '>=3.10'"],
  noVersion: ['ERROR: No matching distribution found for torch>=2.4'],
  noPermission: [
    "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/usr/lib'",
  ],
  unknown: ['Killed'],
} as const;

for (const [cause, last] of Object.entries(printed)) {
  test(`${cause} is recognized`, () => {
    assert.equal(causeOf({ last }), cause);
  });
}

function causedBy(kind: string) {
  return (error: unknown) => error instanceof SetupError && error.kind === kind;
}
