import { test } from 'node:test';
import { fuzzSolve } from '../fuzz/solve.ts';

test('grain solve: 5,000 malformed and extreme lines, an answer each and no silent NaN', async () => {
  await fuzzSolve(5000, 1);
});
