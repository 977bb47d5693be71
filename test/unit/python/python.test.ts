import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../python/python.ts';

test('what a Python script says as it fails is in the error', async () => {
  await assert.rejects(python('absent.py'), /absent\.py failed:\n.*No such file/);
});

test('a missing interpreter is no reason to skip: the error says what makes it', async () => {
  const named = process.env.GRAIN_TEST_PYTHON;
  process.env.GRAIN_TEST_PYTHON = '/nowhere/python';
  try {
    await assert.rejects(
      python('absent.py'),
      /\/nowhere\/python is missing: `npm run test:setup` makes/,
    );
  } finally {
    if (named === undefined) delete process.env.GRAIN_TEST_PYTHON;
    else process.env.GRAIN_TEST_PYTHON = named;
  }
});
