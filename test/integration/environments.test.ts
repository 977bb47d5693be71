/** Real installations of the real wheel, offline: what it needs is there already. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
// @ts-expect-error It is plain JavaScript, which the build runs.
import { buildWheel } from '../../python/wheel.mjs';
import { carriedVersion } from '../../src/environments/carried.ts';
import { inspect, missingPackages } from '../../src/environments/inspection.ts';
import { installInto, makeEnvironment } from '../../src/environments/installation.ts';
import { SetupError } from '../../src/environments/setupFailure.ts';
import { interpreter } from '../python/python.ts';
import { grain } from './grain.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-environments-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** No package comes from anywhere. */
const OFFLINE = { PIP_INDEX_URL: 'http://127.0.0.1:9/', PIP_RETRIES: '0', PATH: '/usr/bin:/bin' };
const env = { ...process.env, ...OFFLINE };
let wheel: string;
before(async () => {
  wheel = await buildWheel(folder);
});

describe('installing', { skip: process.platform === 'win32', concurrency: false }, () => {
  test('into an environment that has PyTorch adds grain_torch alone', async () => {
    const python = environmentThatSees(sitePackages());
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

    const list = await grain(['doctor', '--json'], folder, {
      GRAIN_PYTHON: python,
      GRAIN_STORAGE: path.join(folder, 'none'),
    });
    const { pythons } = JSON.parse(list.stdout);
    assert.equal(pythons[0].path, python);
    assert.deepEqual(pythons[0].missing, []);
    const fixed = await grain(['doctor', '--fix'], folder, { GRAIN_PYTHON: python });
    assert.equal(fixed.status, 0, fixed.stderr);
    assert.match(fixed.stdout, /Nothing is missing/);
  });

  test('a new environment is not left behind where the package index cannot be reached', async () => {
    const storage = path.join(folder, 'storage');
    const made = makeEnvironment(interpreter(), { env: { ...env, GRAIN_STORAGE: storage }, wheel });
    await assert.rejects(
      made,
      (error) =>
        error instanceof SetupError &&
        error.kind === 'noNetwork' &&
        error.last.join().includes('127.0.0.1'),
    );
    assert.deepEqual(readdirSync(storage), []);
  });
});

/** Python's folder of packages, of the interpreter with PyTorch. */
function sitePackages(): string {
  const code = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  return execFileSync(interpreter(), ['-c', code], { encoding: 'utf8' }).trim();
}

/** An environment with pip that also has the packages of a folder. @returns its Python */
function environmentThatSees(packages: string): string {
  const made = path.join(folder, 'environment');
  execFileSync(interpreter(), ['-m', 'venv', '--without-pip', made]);
  const lib = path.join(made, 'lib');
  const site = path.join(lib, readdirSync(lib)[0]!, 'site-packages');
  mkdirSync(site, { recursive: true });
  assert.ok(existsSync(packages));
  writeFileSync(path.join(site, 'packages.pth'), `${packages}\n`);
  return path.join(made, 'bin', 'python');
}
