import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { gaussian } from '../../../src/engine/gaussian.ts';
import { keyedRandom } from '../../../src/engine/keyedRandom.ts';
import { ComparisonError } from '../../../src/experiment/comparable.ts';
import { contains } from '../../../src/experiment/statistics/interval.ts';
import { performanceProfile } from '../../../src/experiment/statistics/performanceProfile.ts';
import { stratifiedMean } from '../../../src/experiment/statistics/stratified.ts';
import { scoresOf, type Task } from '../../../src/experiment/tasks/scores.ts';
import { tasksFindingsOf } from '../../../src/experiment/tasks/tasksFindings.ts';
import { tasksVerdictOf } from '../../../src/experiment/tasks/tasksVerdict.ts';
import { python } from '../../python/python.ts';
import { simulatedTasks, tasksFrom, taskWith } from './simulatedTasks.ts';

const random = keyedRandom('tasks', Number(process.env.FAST_CHECK_SEED ?? 0));
const normal = gaussian(() => uniformFloat64(random));

function judged(tasks: readonly Task[]) {
  const scores = scoresOf(tasks);
  const findings = tasksFindingsOf(scores);
  return { scores, findings, verdict: tasksVerdictOf(scores, findings) };
}

describe('scores of several tasks', () => {
  test('0 is a constant prediction, 1 a perfect one, where higher is better and where lower is', () => {
    const accuracy = taskWith('a', { mean: [0.6, 0.8] }, { constantPredictor: 0.6 });
    const rmse = taskWith('b', { mean: [3, 0] }, { metric: 'rmse', constantPredictor: 2 });
    const [one, other] = scoresOf([accuracy, rmse]).tasks;
    assert.deepEqual(
      one!.scores.get('mean')!.map((score) => score.toFixed(9)),
      ['0.000000000', '0.500000000'],
    );
    assert.deepEqual(other!.scores.get('mean'), [-0.5, 1]);
  });

  test('methods of all tasks, and the first seeds of each that all of them have', () => {
    const { scores, verdict } = judged([
      taskWith('a', {
        grain: [0.1, 0.2, 0.3, 0.4],
        mean: [0.1, 0.1, null, 0.5],
        nsgd: [0, 0, 0, 0],
      }),
      taskWith('b', { mean: [0.5, 0.6], grain: [0.7, 0.8] }),
    ]);
    assert.deepEqual([scores.methods, scores.seeds], [['grain', 'mean'], 2]);
    assert.deepEqual(scores.tasks[0]!.seeds, ['0', '1']);
    assert.deepEqual(scores.tasks[0]!.scores.get('grain'), [0.1, 0.2]);
    const notes = verdict.notes.join('\n');
    assert.match(notes, /left out: nsgd\./);
    assert.match(notes, /Only the first 2 seeds count of a \(which has 1 more\)/);
  });

  test('what has no scale in common is refused by name', () => {
    const values = { mean: [0.5, 0.6] };
    const refuses = (tasks: Task[], message: RegExp) =>
      assert.throws(
        () => scoresOf(tasks),
        (error) => error instanceof ComparisonError && message.test(error.message),
      );
    const good = taskWith('a', values);
    refuses([good], /Expected two or more/);
    refuses([good, good], /a is in two tasks/);
    refuses(
      [good, taskWith('b', values, { metric: 'perplexity' })],
      /perplexity has no best value/,
    );
    refuses(
      [good, taskWith('b', values, { constantPredictor: null })],
      /b: accuracy of a constant/,
    );
    refuses([good, taskWith('b', values, { constantPredictor: 1 })], /b: a constant prediction is/);
    refuses(
      [good, taskWith('b', { grain: [1, 2] })],
      /no method is in all tasks: a has mean; b has/,
    );
    refuses([good, taskWith('b', { mean: [0.5, null] })], /b has 1 seed with a result of mean/);
  });
});

test('figures are those of rliable', async () => {
  const pairs = Array.from({ length: 4 }, (_, i) => {
    const [tasks, runs] = [2 + (i % 3), 5 + 4 * i];
    const block = () =>
      Array.from({ length: tasks }, (_, task) =>
        // Tied on every second pair, as shares of few examples are.
        Array.from({ length: runs }, () => {
          const score = 0.2 * task + 0.1 * normal();
          return i % 2 === 0 ? score : Math.round(40 * score) / 40;
        }),
      );
    return [block(), block()] as const;
  });
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-tasks-'));
  const file = path.join(folder, 'pairs.json');
  writeFileSync(file, JSON.stringify(pairs));
  const all: {
    points: number[];
    intervals: [number, number][];
    threshold: number;
  }[] = JSON.parse(await python('tasks_peer.py', [file]));
  rmSync(folder, { recursive: true });
  for (const [i, [one, other]] of pairs.entries()) {
    const { findings } = judged(tasksFrom({ one, other }));
    const [figures] = findings.methods;
    const [comparison] = findings.comparisons;
    const profile = performanceProfile(one, 'higher').findLast(
      ({ threshold }) => (threshold ?? Number.NEGATIVE_INFINITY) <= all[i]!.threshold,
    )!;
    const ours = [
      [figures!.mean, figures!.meanInterval!],
      [figures!.iqm, figures!.iqmInterval],
      [figures!.median, figures!.medianInterval],
      [comparison!.probabilityOfImprovement, comparison!.probabilityInterval],
      [profile.share, profile],
    ] as const;
    const names = ['mean', 'IQM', 'median', 'P(better)', 'profile'];
    for (const [at, [value, interval]] of ours.entries()) {
      const [expected, [low, high]] = [all[i]!.points[at]!, all[i]!.intervals[at]!];
      assert.ok(Math.abs(value - expected) < 1e-9, `${names[at]}: ${value} is not ${expected}`);
      // Student's for means. Of the bootstrap, both sides have random samples, and P(better) here has the same for both methods.
      const slack =
        (at === 0 ? 0.5 : at === 3 ? 0.4 : 0.2) * (high - low) + 1.01 / one.flat().length;
      const isNear =
        Math.abs(interval.low - low) <= slack && Math.abs(interval.high - high) <= slack;
      assert.ok(
        isNear,
        `${names[at]}: [${interval.low}, ${interval.high}] is not [${low}, ${high}]`,
      );
    }
  }
});

test('the stratified mean, worked by hand', () => {
  // Variances of the means: 2/2 and 0, so one degree of freedom; t at 97.5 % is 12.706.
  const { mean, interval } = stratifiedMean([
    [1, 3],
    [4, 4],
  ]);
  assert.equal(mean, 3);
  assert.ok(Math.abs(interval!.high - 3 - 12.7062 / 2) < 1e-4);
  assert.deepEqual(stratifiedMean([[1, 1]]), { mean: 1, interval: null, p: null });
});

test('of simulated tasks: intervals contain the truth, and methods that are alike are seldom called different', () => {
  const EXPERIMENTS = 100;
  const held = { mean: 0, iqm: 0, probability: 0, different: 0 };
  for (let i = 0; i < EXPERIMENTS; i++) {
    const [comparison] = judged(simulatedTasks(5, normal)).findings.comparisons;
    if (contains(comparison!.interval!, 0)) held.mean++;
    if (contains(comparison!.iqmInterval, 0)) held.iqm++;
    if (contains(comparison!.probabilityInterval, 1 / 2)) held.probability++;
    if (comparison!.finding === 'shown') held.different++;
  }
  // Of 95 %, 87 of 100 are 3.7 standard errors away; `node bench/statistics.ts` measures them.
  const { mean, iqm, probability, different } = held;
  assert.ok(mean >= 87 && iqm >= 82 && probability >= 85, JSON.stringify(held));
  assert.ok(different <= 12, `${different} of 100`);
});

test('the verdict says what the figures show', () => {
  const wordsOf = (tasks: Task[]) => judged(tasks).verdict.words.join(' ');
  const clear = simulatedTasks(10, normal, 3);
  assert.match(
    wordsOf(clear),
    /^Over 3 tasks with 10 seeds each, one is ahead of mean by \d\.\d+ in the mean score \(95 % \d/,
  );
  const crossed = clear.map(({ findings, ...task }) => ({
    ...task,
    findings: { ...findings, isCrossed: true },
  }));
  assert.match(
    wordsOf(crossed),
    /one is ahead of mean by [\d.]+ in the mean score, but that is only a hint/,
  );
  assert.match(judged(crossed).verdict.notes.join(' '), /are crossed/);
  const alike = [1, 2].map((i) =>
    taskWith(`t${i}`, { one: [0.1, 0.3, 0.2], mean: [0.1, 0.3, 0.2] }),
  );
  assert.match(
    wordsOf(alike),
    /no difference between one and mean .*their mean scores are equal, p = 1/,
  );
  // Behind: figures are told from the one that is ahead.
  const behind = wordsOf(simulatedTasks(10, normal, -3));
  assert.match(behind, /mean is ahead of one by \d\.\d+ in the mean score \(95 % \d/);
  assert.match(behind, /A run of mean is better than one of one .* probability (0\.9\d*|1) /);
  assert.match(
    wordsOf([1, 2].map((i) => taskWith(`t${i}`, { one: [0.1, 0.3] }))),
    /no other method/,
  );
  // Of many comparisons, those without a difference are named together.
  const values = { one: [0.1, 0.3], a: [0.1, 0.3], b: [0.1, 0.3], c: [0.1, 0.3], mean: [0.1, 0.3] };
  const many = judged([1, 2].map((i) => taskWith(`t${i}`, values))).verdict.words;
  assert.equal(many.length, 1);
  assert.match(many[0]!, /could show: one and mean; a and mean; b and mean; c and mean\.$/);
});
