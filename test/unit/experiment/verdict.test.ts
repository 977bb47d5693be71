import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Comparison } from '../../../src/experiment/comparison.ts';
import { type Findings, findingsOf } from '../../../src/experiment/findings.ts';
import type { SeedResult } from '../../../src/experiment/seedResults.ts';
import { briefVerdict, verdictOf } from '../../../src/experiment/verdict.ts';

interface Run {
  readonly method: string;
  readonly seed: number;
  readonly outcome: number | 'diverged' | 'stopped' | 'running';
}

function resultOf({ method, seed, outcome }: Run): SeedResult {
  const about = { run: `${method}-${seed}`, method, seed: String(seed) };
  switch (outcome) {
    case 'diverged':
      return {
        ...about,
        status: 'failed',
        counts: true,
        failed: true,
        reason: 'The loss exploded.',
        value: 0.2,
      };
    case 'stopped':
    case 'running':
      return {
        ...about,
        status: outcome,
        counts: false,
        failed: false,
        reason: `${outcome} at step 3 of 9`,
        value: null,
      };
    default: {
      const reason = outcome <= 0.2 ? 'no better than a constant prediction' : null;
      return {
        ...about,
        status: 'finished',
        counts: true,
        failed: reason !== null,
        reason,
        value: outcome,
      };
    }
  }
}

function judged(runs: readonly Run[], better: 'higher' | 'lower' = 'higher', isCrossed = false) {
  const results = runs.map(resultOf);
  const validation = { examples: 400, value: 0.87, standardError: 0.0168 };
  const findings = findingsOf({
    metric: 'accuracy',
    better,
    constantPredictor: 0.2,
    isCrossed,
    looks: null,
    results,
    validation,
  });
  return { findings, ...verdictOf(findings) };
}

const runsOf = (method: string, values: readonly Run['outcome'][]): Run[] =>
  values.map((outcome, seed) => ({ method, seed, outcome }));

test('over crossed seeds, whose runs are not independent, no difference is more than a hint', () => {
  const ten = (level: number) => Array.from({ length: 10 }, (_, i) => level + 0.002 * (i % 5));
  const runs = [...runsOf('grain', ten(0.9)), ...runsOf('mean', ten(0.8).reverse())];
  assert.match(judged(runs).words[0]!, /grain is ahead by 0\.1\d* \(/);
  const crossed = judged(runs, 'higher', true);
  assert.match(crossed.words[0]!, /grain is ahead by 0\.1\d*, but that is only a hint/);
  assert.match(crossed.notes.join('\n'), /share an initialization, an order/);
});

describe('in words', () => {
  const grain = [0.8575, 0.8725, 0.885, 0.8475, 0.8775];
  const mean = [0.8775, 0.8825, 0.895, 0.87, 0.8825];

  test('five seeds of two methods', () => {
    const runs = [...runsOf('grain', grain), ...runsOf('mean', mean)];
    const { words, notes, findings } = judged(runs);
    assert.equal(
      briefVerdict(findings),
      'grain and mean: no difference in spread that 5 seeds could show. In accuracy, mean is ahead by 0.0135.',
    );
    const three = judged([...runs, ...runsOf('upgrad', mean)]).findings;
    assert.equal(briefVerdict(three), '');
    assert.deepEqual(words, [
      'grain and mean: no difference in spread that 5 seeds could show (ratio 1.7, p = 0.32). In accuracy, mean is ahead by 0.0135 (95 % 0.0043 … 0.0227, p = 0.015, among all comparisons 0.03).',
    ]);
    assert.match(notes[0]!, /^\d+ more seeds a side would settle the spread, with 80 % power/);
    assert.match(notes.join('\n'), /interval of a ratio of spreads takes six seeds/);
    assert.match(notes.join('\n'), /rests on normally distributed differences/);
    assert.equal(
      notes.at(-1),
      '400 validation examples measure accuracy 0.870 ± 0.017 (one standard error). No number of seeds narrows that.',
    );
  });

  test('not enough seeds is a verdict', () => {
    const one = judged([...runsOf('grain', [0.9]), ...runsOf('mean', [0.8])]);
    assert.match(one.words[0]!, /^grain and mean: not enough seeds to tell\. Only one seed has/);
    const none = judged([...runsOf('grain', [0.9]), ...runsOf('mean', ['stopped'])]);
    assert.match(none.words[0]!, /not enough seeds to tell\. No seed has/);
    const two = judged([...runsOf('grain', [0.9, 0.91]), ...runsOf('mean', [0.8, 0.83])]);
    assert.match(two.words[0]!, /not enough seeds to tell their spreads apart/);
    const alone = judged(runsOf('grain', grain));
    assert.match(
      alone.words[0]!,
      /^grain: accuracy 0\.868 over 5 seeds, with a standard deviation of 0\.015 .*no other method/,
    );
    assert.deepEqual(judged(runsOf('grain', ['stopped'])).words, [
      'Nothing to judge yet: no run has a result.',
    ]);
  });

  test('failed, stopped and running runs are counted and named', () => {
    const { words, notes } = judged([
      ...runsOf('grain', [...grain, 'stopped', 'running']),
      ...runsOf('mean', [...mean, 'diverged', 0.19]),
    ]);
    assert.equal(words[0], 'Provisional: 1 of 14 runs has yet to end.');
    assert.match(
      words[1]!,
      /In failures, no difference .*\(grain in 0 of 5 runs, mean in 2 of 7 runs, p = /,
    );
    assert.ok(
      notes.includes(
        'Failed: 0 of 5 runs of grain and 2 of 7 runs of mean; a constant prediction has accuracy 0.2.',
      ),
    );
    assert.ok(
      notes.includes(
        'mean, seed 5: The loss exploded; mean, seed 6: no better than a constant prediction.',
      ),
    );
    assert.equal(
      notes.at(-1),
      'Without a result, and not counted: grain, seed 5: stopped at step 3 of 9.',
    );
  });

  test('twenty seeds, one of four with a spread: shown, and the failures too', () => {
    const wide = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? 'diverged' : 0.8 + 0.1 * Math.sin(i),
    );
    const narrow = Array.from({ length: 20 }, (_, i) => 0.9 + 0.005 * Math.sin(3 * i));
    const { words } = judged([
      ...runsOf('grain', narrow),
      ...runsOf('mean', wide as Run['outcome'][]),
    ]);
    assert.match(words[0]!, /^grain and mean: grain varies less over seeds than mean \(ratio/);
    assert.match(words[0]!, /grain is ahead by 0\.\d+ \(95 %/);
    assert.match(
      words[0]!,
      /They fail at different rates \(grain in 0 of 20 runs, mean in 10 of 20 runs, p < 0\.001/,
    );
  });

  test('of many comparisons, those without a difference share a sentence', () => {
    const same = (method: string, by: number) =>
      runsOf(
        method,
        mean.map((value, i) => value + by * Math.sin(9 * i + by)),
      );
    const { words } = judged([
      ...runsOf('mean', mean),
      ...['a', 'b', 'c', 'd'].flatMap((name, i) => same(name, 0.001 * (i + 1))),
      ...runsOf(
        'bad',
        mean.map((value, i) => value / 2 + 0.001 * (i % 2)),
      ),
    ]);
    assert.match(words[0]!, /^bad and mean: .*mean is ahead by 0\.4/);
    assert.equal(
      words.at(-1),
      'No difference that 5 seeds could show: a and mean; b and mean; c and mean; d and mean.',
    );
  });
});

const value = fc.oneof(
  fc.double({ min: 0.1, max: 1, noNaN: true }),
  fc.integer({ min: 30, max: 40 }).map((k) => k / 40),
  fc.constant(0.875),
);
const outcome: fc.Arbitrary<Run['outcome']> = fc.oneof(
  { weight: 12, arbitrary: value },
  {
    weight: 1,
    arbitrary: fc.constantFrom('diverged' as const, 'stopped' as const, 'running' as const),
  },
);
/** Methods whose spread and level differ, so that all kinds of findings occur. */
const experiment = fc
  .array(
    fc.record({
      outcomes: fc.array(outcome, { maxLength: 12 }),
      shift: fc.constantFrom(0, 0, 0.05, 0.3),
      scale: fc.constantFrom(1, 1, 0.1, 0.001, 0),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((methods) =>
    methods.flatMap(({ outcomes, shift, scale }, i) =>
      runsOf(
        ['grain', 'mean', 'upgrad', 'cagrad c=0.4', 'pcgrad'][i]!,
        outcomes.map((it) => (typeof it === 'number' ? 0.3 + shift + scale * (it - 0.3) : it)),
      ),
    ),
  );

describe('never contradicts its figures', () => {
  const seen = { shown: 0, hinted: 0, none: 0 };

  test('what is said of means and spreads follows from p and interval, and the printed ones agree', () => {
    fc.assert(
      fc.property(
        experiment,
        fc.constantFrom('higher' as const, 'lower' as const),
        (runs, better) => {
          const { findings, words, notes } = judged(runs, better);
          assert.ok(words.length > 0);
          for (const text of [...words, ...notes]) {
            assert.doesNotMatch(text, /NaN|Infinity|undefined|null|\[object| {2}/);
          }
          for (const comparison of findings.comparisons) {
            checkMeans(comparison, findings, words);
            checkSpread(comparison, words);
          }
        },
      ),
      { numRuns: 600, endOnFailure: true },
    );
    for (const [finding, count] of Object.entries(seen))
      assert.ok(count > 20, `${finding}: ${count}`);
  });

  test('every run that failed or does not count is named', () => {
    fc.assert(
      fc.property(experiment, (runs) => {
        const { findings, notes } = judged(runs);
        for (const { method, seed, failed, counts, status } of findings.runs) {
          const isNamed = notes.some((note) => note.includes(`${method}, seed ${seed}: `));
          assert.equal(isNamed, failed || (!counts && status !== 'running'), `${method} ${seed}`);
        }
      }),
    );
  });

  test('the order of the methods changes no finding; better the other way round changes who is ahead', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 10 }), (pairs) => {
        const [one, other] = [0, 1].map((i) => pairs.map((pair) => pair[i]!));
        const of = (a: readonly number[], b: readonly number[]) =>
          judged([...runsOf('x', a), ...runsOf('y', b)]).findings.comparisons[0]!;
        const [first, swapped] = [of(one!, other!), of(other!, one!)];
        assert.equal(first.means!.finding, swapped.means!.finding);
        assert.equal(first.spread?.finding, swapped.spread?.finding);
        assert.ok(Math.abs(first.means!.difference + swapped.means!.difference) < 1e-12);
      }),
    );
  });

  function checkMeans(
    { one, other, pairs, means }: Comparison,
    { better }: Findings,
    words: readonly string[],
  ) {
    if (!means) return;
    const { difference, interval, p, adjusted, finding, permutationP } = means;
    seen[finding]++;
    // Rounding decides on which side of 0.05 a p lies that is within 1e-9 of it; shrinking finds those.
    if (p !== null && Math.abs(p - 0.05) < 1e-9) return;
    const excludes = interval !== null && (interval.low > 0 || interval.high < 0);
    if (finding === 'shown') {
      assert.ok(adjusted! < 0.05 && p! < 0.05 && (excludes || interval === null));
      assert.ok(pairs < 6 || permutationP! < 0.05);
    }
    if (finding === 'none') assert.ok(!excludes && (p === null || p >= 0.05));
    const sentence = words.find((text) => text.startsWith(`${one} and ${other}: `));
    if (!sentence) return assert.equal(finding, 'none');
    const ahead = difference > 0 === (better === 'higher') ? one : other;
    const said = /In accuracy, (.*?)\.(?: They fail| In failures|$)/.exec(sentence)![1]!;
    if (difference !== 0) assert.ok(said.includes(`${ahead} is ahead by `), said);
    assert.equal(said.startsWith('no difference'), finding === 'none', said);
    assert.equal(said.includes('only a hint'), finding === 'hinted', said);
    const printed = /95 % (\S+) … ([^ ,)]+)/.exec(said);
    assert.equal(printed !== null, interval !== null);
    if (printed) {
      const [low, high] = printed.slice(1).map((text) => Number(text.replace('−', '-')));
      assert.equal(low! > 0 || high! < 0, excludes, said);
    }
    const printedP = /p ([=<]) ([\d.e-]+)/.exec(said);
    if (printedP && p !== null)
      assert.equal(printedP[1] === '<' || Number(printedP[2]) < 0.05, p < 0.05, said);
  }

  function checkSpread({ one, other, pairs, spread }: Comparison, words: readonly string[]) {
    if (!spread) return;
    const { ratio, interval, p, adjusted, finding } = spread;
    const excludes = interval !== null && (interval.low > 1 || interval.high < 1);
    if (finding === 'shown')
      assert.ok(pairs >= 6 && adjusted! < 0.05 && (ratio === null || excludes));
    if (finding === 'none') assert.ok(!excludes && (p === null || p >= 0.05));
    const sentence = words.find((text) => text.startsWith(`${one} and ${other}: `));
    if (!sentence) return;
    const said = sentence.slice(`${one} and ${other}: `.length).split(' In accuracy')[0]!;
    assert.equal(said.startsWith('no difference in spread'), finding === 'none', said);
    if (finding !== 'none' && ratio !== null) {
      const [steady, unsteady] = ratio < 1 ? [one, other] : [other, one];
      assert.ok(said.startsWith(`${steady} varies less over seeds than ${unsteady}`), said);
    }
  }
});
