import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import {
  findInterpreter,
  interpreters,
  NoInterpreterError,
} from '../../../src/environments/interpreter.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-interpreter-'));
after(() => rmSync(folder, { recursive: true }));

function file(...parts: string[]): string {
  const made = path.join(folder, ...parts);
  mkdirSync(path.dirname(made), { recursive: true });
  writeFileSync(made, '');
  return made;
}

const named = file('named', 'python');
const venv = file('venv', 'bin', 'python');
const conda = file('conda', 'bin', 'python');
const own = file('storage', 'python', 'bin', 'python');
const onPath = file('path', 'python3');
const PATH = [path.join(folder, 'nowhere'), path.dirname(onPath)].join(path.delimiter);
const all = {
  GRAIN_PYTHON: named,
  VIRTUAL_ENV: path.join(folder, 'venv'),
  CONDA_PREFIX: path.join(folder, 'conda'),
  PATH,
};

describe('the Python of device torch', { skip: process.platform === 'win32' }, () => {
  test('is the named one, then that of the active environment, then that of the PATH', () => {
    const { GRAIN_PYTHON: _named, ...unnamed } = all;
    const { VIRTUAL_ENV: _venv, ...withConda } = unnamed;
    assert.equal(findInterpreter(all), named);
    assert.equal(findInterpreter(unnamed), venv);
    assert.equal(findInterpreter(withConda), conda);
    assert.equal(findInterpreter({ PATH, GRAIN_STORAGE: folder }), onPath);
    assert.equal(findInterpreter({ PATH, GRAIN_STORAGE: path.join(folder, 'storage') }), own);
    assert.equal(findInterpreter({ PATH, GRAIN_PYTHON: 'python3', GRAIN_STORAGE: folder }), onPath);
  });

  for (const [name, env, message] of [
    ['none is wanted', { ...all, GRAIN_PYTHON: 'none' }, /GRAIN_PYTHON is none/],
    ['the named one is missing', { ...all, GRAIN_PYTHON: '/no/python' }, /which does not exist/],
    ['there is none', { PATH: folder, GRAIN_STORAGE: folder }, /no Python was found/],
  ] as const) {
    test(`says why if ${name}`, () => {
      assert.throws(
        () => findInterpreter(env),
        (error: NoInterpreterError) => {
          assert.ok(error instanceof NoInterpreterError && error.remedy);
          return message.test(error.message);
        },
      );
    });
  }

  test('all that there are, each once, with where it was found', () => {
    const workspace = path.join(folder, 'workspace');
    const inWorkspace = file('workspace', '.venv', 'bin', 'python');
    const ofPyenv = file('pyenv', 'versions', '3.12.1', 'bin', 'python');
    const env = { ...all, PYENV_ROOT: path.join(folder, 'pyenv'), GRAIN_STORAGE: folder };
    const found = interpreters({ folders: [workspace], others: [venv, '/no/python'], env });
    assert.deepEqual(found, [
      { path: named, origin: 'named' },
      { path: venv, origin: 'active' },
      { path: conda, origin: 'active' },
      { path: inWorkspace, origin: 'workspace' },
      { path: onPath, origin: 'path' },
      { path: ofPyenv, origin: 'pyenv' },
    ]);
    assert.deepEqual(interpreters({ env: { ...env, GRAIN_PYTHON: 'none' } }), []);
  });
});
