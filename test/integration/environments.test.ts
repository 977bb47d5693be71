/** Real installations of the real wheel, offline: what it needs is there already. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
// @ts-expect-error It is plain JavaScript, which the build runs.
import { buildWheel } from '../../python/wheel.mjs';
import { carriedVersion } from '../../src/environments/carried.ts';
import { inspect, missingPackages } from '../../src/environments/inspection.ts';
import { installInto } from '../../src/environments/installation.ts';
import { SetupError } from '../../src/environments/setupFailure.ts';
import { imported, isFound, isReady, survey } from '../../src/environments/survey.ts';
import { environmentWithPackages, OFFLINE } from '../python/environments.ts';
import { grain } from './grain.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-environments-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { ...process.env, ...OFFLINE, PATH: '/usr/bin:/bin' };
let wheel: string;
before(async () => {
  wheel = await buildWheel(folder);
});

describe('installing', { skip: process.platform === 'win32', concurrency: false }, () => {
  test('into an environment that has PyTorch adds grain_torch alone', async () => {
    const python = environmentWithPackages(path.join(folder, 'environment'));
    const before = await inspect(python);
    assert.ok(!('problem' in before));
    assert.deepEqual(missingPackages(before), ['grain_torch']);
    const lines: string[] = [];
    const found = await installInto(python, before, {
      env,
      wheel,
      onLine: (line) => lines.push(line),
    });
    assert.equal(found.packages.grain_torch, carriedVersion());
    assert.deepEqual(missingPackages(found), []);
    assert.ok(lines.some((line) => line.startsWith('Successfully installed grain-torch')));

    const fixed = await grain(['doctor', '--fix'], folder, { GRAIN_PYTHON: python });
    assert.equal(fixed.status, 0, fixed.stderr);
    assert.match(fixed.stdout, /Nothing is missing/);
  });

  test('where the package index cannot be reached fails, and says so', async () => {
    const python = environmentWithPackages(path.join(folder, 'offline'));
    const found = await inspect(python);
    assert.ok(!('problem' in found));
    const installed = installInto(python, found, {
      env: { ...env, PIP_IGNORE_INSTALLED: '1' },
      wheel,
    });
    await assert.rejects(
      installed,
      (error) =>
        error instanceof SetupError &&
        error.kind === 'noNetwork' &&
        error.last.join().includes('127.0.0.1'),
    );
  });

  test('asks others than the first what they have without importing it, and those that are chosen again', async () => {
    const project = path.join(folder, 'project');
    const first = environmentWithPackages(path.join(folder, 'first'));
    const python = environmentWithPackages(path.join(project, '.venv'));
    const before = await inspect(python, { light: true });
    assert.ok(!('problem' in before));
    await installInto(python, before, { env, wheel });
    const lib = path.join(project, '.venv/lib');
    writeFileSync(
      path.join(lib, readdirSync(lib)[0]!, 'site-packages/torch.py'),
      'raise ImportError("libcudart.so.12 is not there")',
    );
    const found = (
      await survey({ folders: [project], env: { GRAIN_PYTHON: first, PYENV_ROOT: folder } })
    ).filter(isFound);
    assert.deepEqual(
      found.map((one) => [one.path, one.found.isImported, isReady(one)]),
      [
        [first, true, false],
        [python, false, true],
      ],
    );
    const now = await imported(found[1]!);
    assert.ok(isFound(now) && !isReady(now));
    assert.match(now.found.torchProblem!, /libcudart/);
  });
});
