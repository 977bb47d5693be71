import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '../../../src/engine/aggregate.ts';
import { weightings } from '../../../src/engine/aggregators/weightings.ts';
import { gramOf } from '../../../src/engine/gram.ts';
import type {
  AggregatorChoice,
  AggregatorName,
  Memory,
  Problem,
} from '../../../src/engine/types.ts';
import { families } from './families.ts';
import { random } from './random.ts';

const names = Object.keys(weightings) as AggregatorName[];

function normalGram(k: number, seed: number): Float64Array {
  return gramOf(families.normal(k, 2 * k, random(seed)));
}

/** Weights of several steps, each with what the one before handed back, as a checkpoint would carry it. */
function steps(
  problems: readonly Omit<Problem, 'memory'>[],
  choice: AggregatorChoice,
): { weights: number[][]; memory: Memory | undefined } {
  let memory: Memory | undefined;
  const weights = problems.map((problem) => {
    const answer = aggregate({ ...problem, ...(memory && { memory }) }, choice);
    memory = answer.memory && JSON.parse(JSON.stringify(answer.memory));
    return Array.from(answer.weights);
  });
  return { weights, memory };
}

function close(found: readonly number[], expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, x] of found.entries()) assert.ok(Math.abs(x - expected[i]!) < 1e-14, `${found}`);
}

for (const name of names) {
  test(`${name}: smoothing mixes the last weights with the present ones`, () => {
    const problems = [1, 2, 3].map((seed) => ({ gram: normalGram(4, seed), seed }));
    // Without memory of its own an aggregator's raw weights do not depend on the steps before.
    const raw = steps(problems, { name }).weights;
    const { weights } = steps(problems, { name, smoothing: 0.75 });
    let expected = raw[0]!;
    close(weights[0]!, expected);
    for (const step of [1, 2]) {
      expected = expected.map((last, i) => 0.75 * last + 0.25 * raw[step]![i]!);
      close(weights[step]!, expected);
    }
  });

  test(`${name}: the same memory and problem give the same bits; smoothing 0 needs no memory`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer(), (k, seed) => {
        const problems = [0, 1, 2].map((step) => ({
          gram: normalGram(k, seed + step),
          seed: step,
        }));
        const choice = { name, smoothing: 0.5 };
        assert.deepEqual(steps(problems, choice), steps(problems, choice));
        const { memory } = steps(problems, { name });
        assert.equal(memory?.weights, undefined);
        assert.equal(memory !== undefined, name === 'gradvac' || name === 'grain');
      }),
      { numRuns: 20 },
    );
  });
}

test('memory goes by the identity of groups, whatever their order', () => {
  const first = { gram: normalGram(3, 1), groups: [7, 8, 9] };
  const second = { gram: Float64Array.of(1, 0, 0, 1), groups: [9, 7] };
  const { weights, memory } = steps([first, second], { name: 'grain', smoothing: 0.5 });
  const [seven, , nine] = weights[0]!;
  const mixed = [0.5 * nine! + 0.25, 0.5 * seven! + 0.25];
  const sum = mixed[0]! + mixed[1]!;
  close(
    weights[1]!,
    mixed.map((x) => x / sum),
  );
  assert.deepEqual(memory?.groups, [9, 7]);
});

test('a group without a last weight starts with its present one', () => {
  const first = { gram: Float64Array.of(1, 0, 0, 3), groups: [1, 2] };
  const second = { gram: Float64Array.of(1, 0, 0, 1), groups: [1, 3] };
  const upgrad = steps([first, second], { name: 'upgrad', smoothing: 0.5 });
  close(upgrad.weights[1]!, [0.5, 0.5]);
  // Grain: (3/4, 1/4), then (½·¾ + ½·½, ½), brought back to the simplex.
  const grain = steps([first, second], { name: 'grain', smoothing: 0.5 });
  close(grain.weights[1]!, [0.625 / 1.125, 0.5 / 1.125]);
});

test('a dropped group has weight 0 and is forgotten; a skipped step leaves the memory as it was', () => {
  const gram = normalGram(3, 5);
  const spoilt = gram.slice();
  spoilt[4] = Number.NaN;
  const choice = { name: 'grain', smoothing: 0.9 } as const;
  const { weights, memory } = steps([{ gram }, { gram: spoilt }], choice);
  assert.equal(weights[1]![1], 0);
  assert.deepEqual(memory?.groups, [0, 2]);

  const skipped = aggregate({ gram: new Float64Array(9), memory: memory! }, choice);
  assert.deepEqual([...skipped.weights], [0, 0, 0]);
  assert.deepEqual(skipped.memory, memory);
});

test('smoothed weights are certified as they are, and never called not optimal', () => {
  const first = { gram: gramOf([Float64Array.of(1, 0), Float64Array.of(0, 1)]) };
  // The second gradient turns against the first and shrinks: half of the last weights is too much of the first.
  const gram = gramOf([Float64Array.of(10, 0), Float64Array.of(-1, 0.1)]);
  const choice = { name: 'grain', smoothing: 0.9 } as const;
  const { memory } = aggregate(first, choice);
  const { weights, norm2, gap, minCosine, warnings } = aggregate({ gram, memory: memory! }, choice);
  const fresh = aggregate({ gram }, 'grain');
  assert.ok(norm2 > fresh.norm2 && gap > norm2 && minCosine < 0);
  assert.ok(Math.abs(weights[0]! - (0.45 + 0.1 * fresh.weights[0]!)) < 1e-14);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['conflict'],
  );
});

test('GradVac remembers its targets by pairs of groups', () => {
  const gram = Float64Array.of(1, -0.5, -0.5, 1);
  const first = aggregate({ gram, groups: [4, 6] }, 'gradvac');
  // φ = −½ both ways, β = ½.
  assert.deepEqual(first.memory, { groups: [4, 6], state: [0, -0.25, -0.25, 0] });
  const second = aggregate(
    {
      gram: Float64Array.of(1, 0, 0, 0, 1, -0.5, 0, -0.5, 1),
      groups: [5, 6, 4],
      memory: first.memory!,
    },
    'gradvac',
  );
  assert.deepEqual(second.memory?.state, [0, 0, 0, 0, 0, -0.375, 0, -0.375, 0]);
});
