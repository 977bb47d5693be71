import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { gramOf } from '../../../src/engine/gram.ts';
import { minNorm, supportOf } from '../../../src/engine/minNorm/minNorm.ts';
import { stepFamilies } from './families.ts';
import { random } from './random.ts';

const CALLS = 100_000;

test('the solver allocates nothing once it has solved a problem as large', () => {
  for (const [family, sample] of Object.entries(stepFamilies)) {
    const gram = gramOf(sample(8, random(8)));
    const weights = new Float64Array(8);
    minNorm(gram, weights);
    const starts = [[], supportOf(weights)];
    const solveOften = () => {
      for (let call = 0; call < CALLS; call++) minNorm(gram, weights, starts[call % 2]!);
    };
    solveOften(); // compiles
    // Garbage counts too until it is collected, and nothing is collected while nothing is allocated. Other threads of the
    // process may allocate a little at any time: the least of three measurements is what the solver itself does.
    const grown = [1, 2, 3].map(() => {
      const before = allocated();
      solveOften();
      return allocated() - before;
    });
    const perCall = Math.min(...grown.map(Math.abs)) / CALLS;
    assert.ok(perCall < 0.5, `${family}: ${perCall} bytes a call`);
  }
});

/** Bytes in JavaScript's heap and in the memory of its arrays. */
function allocated(): number {
  const { used_heap_size, malloced_memory, external_memory } = getHeapStatistics();
  return used_heap_size + malloced_memory + external_memory;
}
