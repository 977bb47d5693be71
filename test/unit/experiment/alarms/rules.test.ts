import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunEvent } from '../../../../src/runs/events.ts';
import type { RunManifest } from '../../../../src/runs/manifest.ts';
import { alarmsIn, orthogonal, runOf, stepOf, steps, told, validationOf } from './streams.ts';

const classes = (share: number, majority = 0.25) =>
  ({ kind: 'classes', mostFrequent: 'a', share, majority }) as const;

/** The message of the first alarm of a rule. */
function messageOf(rule: string, alarms: ReturnType<typeof alarmsIn>): string {
  const alarm = alarms.find((alarm) => alarm.rule === rule);
  return alarm?.state === 'raised' ? alarm.message : '';
}

describe('losses and gradients', () => {
  test('non-finite: at once, over after 20 steps without', () => {
    const alarms = alarmsIn(runOf(), [
      ...steps(1, 4),
      stepOf(5, { losses: [1, null, 1, 1] }),
      ...steps(6, 30),
    ]);
    assert.deepEqual(told(alarms), ['non-finite raised 5', 'non-finite cleared 25']);
    assert.match(messageOf('non-finite', alarms), /gradient of group b is not finite/);
    const gram = [...orthogonal([1, 1, 1, 1])].fill(Number.NaN, 7, 8);
    assert.deepEqual(told(alarmsIn(runOf(), [stepOf(1, { gram })])), ['non-finite raised 1']);
    const lost = { update: { norm2: null, inner: [null, null, null, null] } };
    assert.match(messageOf('non-finite', alarmsIn(runOf(), [stepOf(1, lost)])), /update/);
    const metrics = { loss: null, accuracy: 0.3 };
    assert.deepEqual(told(alarmsIn(runOf(), [validationOf(0, { metrics })])), [
      'non-finite raised 0',
    ]);
  });

  test('exploding-loss: in the third step in a row, over after 20 calm ones', () => {
    const high = { losses: [5e30, 5e30, 5e30, 5e30] };
    const alarms = alarmsIn(runOf(), [...steps(1, 4), ...steps(5, 9, high), ...steps(10, 40)]);
    assert.deepEqual(told(alarms), ['exploding-loss raised 7', 'exploding-loss cleared 29']);
    assert.match(messageOf('exploding-loss', alarms), /5e\+30/);
  });

  test('exploding-loss: a validation is enough, and clears it', () => {
    const at = (step: number, loss: number) => validationOf(step, { metrics: { loss } });
    const events = [at(0, 1), ...steps(1, 50), at(50, 40), ...steps(51, 100), at(100, 1)];
    assert.deepEqual(told(alarmsIn(runOf(), [...events, ...steps(101, 102)])), [
      'exploding-loss raised 50',
      'exploding-loss cleared 101',
    ]);
  });

  test('exploding-loss: a cross-entropy that was tiny may grow tenfold, a squared error may not', () => {
    const tiny = { losses: [1e-3, 1e-3, 1e-3, 1e-3] };
    const events = [...steps(1, 3, tiny), ...steps(4, 9, { losses: [0.1, 0.1, 0.1, 0.1] })];
    assert.deepEqual(told(alarmsIn(runOf(), events)), []);
    assert.deepEqual(told(alarmsIn(runOf({ task: 'regression' }), events)), [
      'exploding-loss raised 6',
    ]);
  });

  test('loss-spike: above three times the largest of 20 steps, over once it has fallen', () => {
    const low = { losses: [0.2, 0.2, 0.2, 0.2] };
    const spike = (loss: number) => stepOf(41, { losses: [loss, loss, loss, loss] });
    const events = [...steps(1, 2), ...steps(3, 40, low), spike(0.8), ...steps(42, 50, low)];
    assert.deepEqual(told(alarmsIn(runOf(), events)), [
      'loss-spike raised 41',
      'loss-spike cleared 42',
    ]);
    const small = [...steps(1, 2), ...steps(3, 40, low), spike(0.45)];
    assert.deepEqual(told(alarmsIn(runOf(), small)), [], 'below half of the first loss');
  });

  test('loss-spike: soon after the start too, but not in the first five steps', () => {
    const high = { losses: [4, 4, 4, 4] };
    const early = (at: number) => [...steps(1, at - 1), stepOf(at, high), ...steps(at + 1, 9)];
    assert.deepEqual(told(alarmsIn(runOf(), early(5))), []);
    assert.deepEqual(told(alarmsIn(runOf(), early(6))), [
      'loss-spike raised 6',
      'loss-spike cleared 7',
    ]);
  });
});

describe('vanishing gradients', () => {
  /** Orthogonal gradients of that length. */
  const short = (length: number) => ({ gram: orthogonal(Array(4).fill(length ** 2)) });

  test('a fifth of the first length while the loss stays: over once the gradient is back', () => {
    const events = [...steps(1, 10), ...steps(11, 60, short(0.15)), ...steps(61, 90)];
    const alarms = alarmsIn(runOf(), events);
    assert.deepEqual(told(alarms), [
      'vanishing-gradients raised 28',
      'vanishing-gradients cleared 70',
    ]);
    assert.match(messageOf('vanishing-gradients', alarms), /0\.15 of its first length/);
  });

  test('not where the loss falls with the gradient, nor in another metric', () => {
    const learnt = steps(11, 60, { ...short(0.15), losses: [0.5, 0.5, 0.5, 0.5] });
    assert.deepEqual(told(alarmsIn(runOf(), [...steps(1, 10), ...learnt])), []);
    const { aggregation } = runOf();
    const scaled = runOf({ aggregation: { ...aggregation, metric: 'preconditioned' } });
    assert.deepEqual(told(alarmsIn(scaled, [...steps(1, 10), ...steps(11, 60, short(0.15))])), []);
  });
});

describe('direction and update', () => {
  /** Group a is fitted, and has all weight: ‖d‖/‖ḡ‖ is about 0.004. */
  const fitted = (losses: readonly number[]) => ({
    losses,
    gram: orthogonal([1e-6, 0.1, 0.1, 0.1]),
    weights: [0.997, 0.001, 0.001, 0.001],
  });

  test('stalled-direction: a fitted group, and losses that stay', () => {
    const begin = steps(1, 10);
    const stall = steps(11, 120, fitted([0.01, 0.9, 0.8, 0.9]));
    const go = steps(121, 160, { losses: [0.01, 0.9, 0.8, 0.9] });
    const alarms = alarmsIn(runOf(), [...begin, ...stall, ...go]);
    const told = alarms.flatMap(({ rule, state, step }) =>
      rule === 'stalled-direction' ? [`${state} ${step}`] : [],
    );
    assert.deepEqual(told, ['raised 37', 'cleared 135']);
    assert.match(
      messageOf('stalled-direction', alarms),
      /group a decides it with a weight of 1, and the loss of groups b, c and d stays high.*grain-normalized/,
    );
  });

  test('stalled-direction: not where the groups have learnt; for one of four if it is a class', () => {
    const learnt = steps(11, 120, fitted([0.01, 0.05, 0.05, 0.05]));
    const oneLeft = steps(11, 120, fitted([0.01, 0.05, 0.05, 2]));
    const [classes, sources] = [runOf(), runOf({ groups: { ...runOf().groups, by: 'column:s' } })];
    const isRaised = (run: RunManifest, late: readonly RunEvent[]) =>
      alarmsIn(run, [...steps(1, 10), ...late]).some(({ rule }) => rule === 'stalled-direction');
    assert.deepEqual([isRaised(classes, learnt), isRaised(classes, oneLeft)], [false, true]);
    assert.deepEqual([isRaised(sources, learnt), isRaised(sources, oneLeft)], [false, false]);
  });

  test('guard-stalled: half of 20 steps, and only in a run with a guard', () => {
    const stalled = {
      guard: {
        proposed: { norm2: 1, inner: [-1, 1, 1, 1] },
        multipliers: [1, 0, 0, 0],
        stalled: true,
      },
    };
    const events = [...steps(1, 20), ...steps(21, 40, stalled), ...steps(41, 80)];
    const { aggregation } = runOf();
    const guarded = runOf({ aggregation: { ...aggregation, guard: 0 } });
    assert.deepEqual(told(alarmsIn(guarded, events)), [
      'guard-stalled raised 30',
      'guard-stalled cleared 58',
    ]);
    assert.deepEqual(told(alarmsIn(runOf(), events)), []);
    const left = (share: number) => ({
      guard: {
        ...stalled.guard,
        proposed: { norm2: 1, inner: [-1, 0.5, 0.5, 0.5] },
        stalled: false,
      },
      update: { norm2: 0.9, inner: [0, 1.5 * share, 0, 0] },
    });
    const most = [...steps(1, 20), ...steps(21, 40, left(0.2))];
    assert.deepEqual(told(alarmsIn(guarded, most)), []);
    const little = [...steps(1, 20), ...steps(21, 40, left(0.05))];
    assert.deepEqual(told(alarmsIn(guarded, little)), ['guard-stalled raised 30']);
  });

  test('guarantee-violated: in that step, for an aggregator that guarantees it', () => {
    const opposed = { gram: [1, -0.9, 0, 0, 1, 0, 0, 1, 0, 1], weights: [0, 0.5, 0.25, 0.25] };
    const events = [...steps(1, 5), stepOf(6, opposed), ...steps(7, 30)];
    const alarms = alarmsIn(runOf(), events);
    assert.deepEqual(told(alarms), [
      'guarantee-violated raised 6',
      'guarantee-violated cleared 26',
    ]);
    assert.match(messageOf('guarantee-violated', alarms), /conflicts with group a, though grain/);
    assert.deepEqual(told(alarmsIn(runOf({ aggregator: 'mean' }), events)), []);
  });

  test('update-conflict: against most groups in half of 50 steps', () => {
    const against = { update: { norm2: 1, inner: [-0.1, -0.1, -0.1, 0.1] } };
    const few = { update: { norm2: 1, inner: [-0.1, -0.1, 0.1, 0.1] } };
    const alarms = alarmsIn(runOf(), [
      ...steps(1, 50),
      ...steps(51, 100, against),
      ...steps(101, 160),
    ]);
    assert.deepEqual(told(alarms), ['update-conflict raised 75', 'update-conflict cleared 138']);
    assert.match(messageOf('update-conflict', alarms), /groups a, b and c/);
    assert.deepEqual(told(alarmsIn(runOf(), steps(1, 200, few))), []);
  });
});

describe('weights', () => {
  test('few-examples: a class with one example that takes a quarter of the weight', () => {
    const groups = { by: 'label', names: ['a', 'b', 'c'], examples: [40, 40, 1] };
    const present = { groups: [0, 1, 2], sizes: [8, 8, 1], losses: [1, 1, 1] };
    const of = (weights: readonly number[]) => ({
      ...present,
      gram: orthogonal([1, 1, 1]),
      weights,
      update: null,
    });
    const alarms = alarmsIn(runOf({ groups }), steps(1, 30, of([0.3, 0.3, 0.4])));
    assert.deepEqual(told(alarms), ['few-examples raised 10']);
    assert.match(
      messageOf('few-examples', alarms),
      /Group c has 1 training example and a weight of 0\.4/,
    );
    assert.deepEqual(told(alarmsIn(runOf({ groups }), steps(1, 30, of([0.4, 0.4, 0.2])))), []);
    const balanced = { ...groups, examples: [4, 4, 4] };
    assert.deepEqual(
      told(alarmsIn(runOf({ groups: balanced }), steps(1, 30, of([0.3, 0.3, 0.4])))),
      [],
    );
  });

  test('dominant-group: the same one for 50 steps; micro-batches are not the same', () => {
    const one = { weights: [0, 0.995, 0.005, 0] };
    const events = [...steps(1, 10), ...steps(11, 100, one), ...steps(101, 160)];
    const alarms = told(alarmsIn(runOf(), events));
    assert.deepEqual(alarms, ['dominant-group raised 55', 'dominant-group cleared 125']);
    const groups = { by: 'microbatch', names: ['a', 'b', 'c', 'd'] };
    assert.deepEqual(told(alarmsIn(runOf({ groups }), events)), []);
  });

  test('starved-group: no weight and a loss above the others’', () => {
    const starved = (loss: number) => ({
      weights: [0.5, 0.3, 0.2, 0.001],
      losses: [1, 1, 1, loss],
    });
    const alarms = alarmsIn(runOf(), [...steps(1, 10), ...steps(11, 150, starved(3))]);
    assert.deepEqual(told(alarms), ['starved-group raised 100']);
    assert.match(messageOf('starved-group', alarms), /Group d has had almost no weight/);
    assert.deepEqual(told(alarmsIn(runOf(), [...steps(1, 10), ...steps(11, 150, starved(1))])), []);
  });
});

describe('validations', () => {
  test('constant-predictions: after warm-up and a fifth of the steps', () => {
    const constant = (step: number) => validationOf(step, { spread: classes(1) });
    const events = [constant(0), ...steps(1, 30), constant(30), ...steps(31, 90), constant(90)];
    const alarms = alarmsIn(runOf(), [...events, validationOf(120)]);
    assert.deepEqual(told(alarms), [
      'constant-predictions raised 90',
      'constant-predictions cleared 120',
    ]);
    assert.match(messageOf('constant-predictions', alarms), /Every prediction is "a"/);
    const warmup = steps(1, 90, (step) => ({ learningRate: step / 100 }));
    assert.deepEqual(told(alarmsIn(runOf(), [...warmup, constant(90)])), []);
  });

  test('constant-predictions: values that hardly vary', () => {
    const at = (deviation: number | null) => [
      ...steps(1, 90),
      validationOf(90, { spread: { kind: 'values', deviation, targetDeviation: 2 } }),
    ];
    const run = runOf({ task: 'regression' });
    assert.deepEqual(told(alarmsIn(run, at(0.01))), ['constant-predictions raised 90']);
    assert.deepEqual(told(alarmsIn(run, at(null))), ['constant-predictions raised 90']);
    assert.deepEqual(told(alarmsIn(run, at(0.1))), []);
  });

  test('below-majority: after half of the steps', () => {
    const at = (step: number, accuracy: number) =>
      validationOf(step, { metrics: { accuracy }, spread: classes(0.9, 0.6) });
    const events = [...steps(1, 100), at(100, 0.5), ...steps(101, 200), at(200, 0.6), at(300, 0.7)];
    const alarms = alarmsIn(runOf(), events);
    assert.deepEqual(told(alarms), ['below-majority raised 200', 'below-majority cleared 300']);
    assert.match(messageOf('below-majority', alarms), /accuracy of 0\.6 is not above/);
  });
});
