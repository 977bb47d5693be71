import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overExamplesNotes } from '../../../src/experiment/examplesFindings.ts';
import { findingsOf } from '../../../src/experiment/findings.ts';

/** grain is ahead by about 0.01 in every seed, or by nothing. */
function findings(lead: number) {
  const results = ['grain', 'mean'].flatMap((method) =>
    Array.from({ length: 12 }, (_, seed) => ({
      ...{ run: `${method}-${seed}`, method, seed: String(seed), status: 'finished' as const },
      ...{ counts: true, failed: false, reason: null },
      value: 0.8 + 0.003 * ((seed * 5) % 12) + (method === 'grain' ? lead + 0.001 * (seed % 3) : 0),
    })),
  );
  const about = { metric: 'accuracy', better: 'higher', constantPredictor: null } as const;
  return findingsOf({ ...about, isCrossed: false, looks: null, results, validation: null });
}

const over = (low: number, high: number) => [
  {
    one: 'grain',
    other: 'mean',
    seeds: 12,
    examples: 400,
    difference: 0.01,
    p: 0.1,
    interval: { low, high },
  },
];

test('a difference that other examples may not show is said to be of these examples', () => {
  const shown = findings(0.01);
  assert.equal(shown.comparisons[0]!.means!.finding, 'shown');
  const limit = /shown on these 400 examples, and not beyond them\.$/;
  assert.match(overExamplesNotes(over(-0.002, 0.02), shown)[0]!, limit);
  assert.doesNotMatch(overExamplesNotes(over(0.002, 0.02), shown)[0]!, limit);
  const none = findings(-0.001);
  assert.notEqual(none.comparisons[0]!.means!.finding, 'shown');
  assert.doesNotMatch(overExamplesNotes(over(-0.002, 0.02), none)[0]!, limit);
});
