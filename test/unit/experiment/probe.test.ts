import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measuredThresholds, ruleFor, rules } from '../../../src/experiment/probe/advice.ts';
import { probeOf } from '../../../src/experiment/probe/probe.ts';
import type { ProbedRun } from '../../../src/experiment/probe/probedRun.ts';
import { advisedAggregators, probeResultSchema } from '../../../src/experiment/probe/result.ts';
import { costsLittleBeside, probeSize } from '../../../src/experiment/probe/size.ts';
import { formatProbe } from '../../../src/experiment/probe/text.ts';
import type { StepEvent } from '../../../src/runs/events.ts';
import { normalRows, random } from '../engine/random.ts';
import { manifestOf } from '../runs/manifest.ts';

const STEPS = 40;
const DIMENSIONS = 6;

interface Recipe {
  readonly by: string;
  readonly task?: string;
  readonly names: readonly string[];
  /** Of one step: a gradient and a loss for each group. */
  readonly step: (index: number) => {
    gradients: readonly Float64Array[];
    losses: readonly number[];
  };
}

/** Runs of the mean, as their logs would hold them. */
function runsOf({ by, names, step, task = 'classification' }: Recipe, seeds = 3): ProbedRun[] {
  return Array.from({ length: seeds }, (_, seed) => ({
    manifest: manifestOf(`mean-${seed}`, {
      aggregator: 'mean',
      task,
      seed: { init: seed, order: seed },
      groups: { by, names: [...names] },
    }),
    steps: Array.from({ length: STEPS }, (_, i) => stepEvent(i + 1, step(seed * STEPS + i))),
    metric: 0.8 + 0.01 * seed,
  }));
}

function stepEvent(step: number, { gradients, losses }: ReturnType<Recipe['step']>): StepEvent {
  const k = gradients.length;
  const gram = gradients.flatMap((g, i) => gradients.slice(i).map((h) => inner(g, h)));
  const mean = gradients[0]!.map((_, at) => gradients.reduce((sum, g) => sum + g[at]! / k, 0));
  return {
    kind: 'step',
    at: step,
    step,
    learningRate: 0.1,
    groups: gradients.map((_, i) => i),
    sizes: gradients.map(() => 4),
    losses,
    gram,
    weights: gradients.map(() => 1 / k),
    update: { norm2: inner(mean, mean), inner: gradients.map((g) => inner(mean, g)) },
    ms: { gradients: 1, aggregate: 1, update: 1 },
  };
}

function inner(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, i) => sum + value * other[i]!, 0);
}

/** Random gradients of k groups, and losses between 0.5 and 1.5. */
function noise(k: number, seed: number): Recipe['step'] {
  return (index) => {
    const source = random(1_000 * seed + index);
    const gradients = normalRows(k, DIMENSIONS, source);
    return { gradients, losses: gradients.map(() => 0.5 + source.uniform()) };
  };
}

/** The groups share a direction, up to a little noise, except the last: its gradient is long, across it, and its loss high. */
const oneApart: Recipe['step'] = (index) => {
  const gradients = normalRows(4, DIMENSIONS, random(index)).map((g, i) => {
    const shared = i === 3 ? 1 : 0;
    return g.map((value, at) => 0.1 * value + (at === shared ? (i === 3 ? 4 : 1) : 0));
  });
  return { gradients, losses: [0.5, 0.6, 0.5, 2] };
};

const north = ['north', 'east', 'south', 'west'];
const anyRecipe = fc.record({
  by: fc.constantFrom('microbatch', 'random', 'label', 'column:source'),
  task: fc.constantFrom('classification', 'classification', 'regression', 'generation'),
  k: fc.integer({ min: 2, max: 5 }),
  seed: fc.nat(1_000),
});

test('a group apart from the others, with a high loss, is named; as a part of a batch it is not', () => {
  const named = probeOf(runsOf({ by: 'column:source', names: north, step: oneApart }));
  assert.deepEqual(named.doubtful, ['west']);
  assert.match(named.verdict, /west/);
  const anonymous = probeOf(runsOf({ by: 'microbatch', names: north, step: oneApart }));
  assert.deepEqual(anonymous.doubtful, []);
  assert.deepEqual(anonymous.figures.groups, []);
});

test('a group that is doubtful with one seed only is not named', () => {
  const lastSeedIsFine: Recipe['step'] = (index) =>
    index < 2 * STEPS ? oneApart(index) : { ...oneApart(index), losses: [1, 1, 1, 1] };
  const runs = runsOf({ by: 'column:source', names: north, step: lastSeedIsFine });
  assert.deepEqual(probeOf(runs).doubtful, []);
});

test('figures are those that the Gram matrices were made to have', () => {
  // Two orthogonal gradients of lengths 1 and 2: w = (4/5, 1/5), ‖g*‖² = 4/5, ‖ḡ‖² = 5/4.
  const step = () => ({
    gradients: [Float64Array.of(1, 0), Float64Array.of(0, 2)],
    losses: [0.05, 1.95],
  });
  const { figures } = probeOf(runsOf({ by: 'column:x', names: ['a', 'b'], step }));
  assert.ok(Math.abs(figures.lengthRatio - 0.8) < 1e-9);
  assert.ok(Math.abs(figures.largestWeight - 0.8) < 1e-9);
  assert.deepEqual(
    [figures.meanConflicts, figures.pairConflicts, figures.updateConflicts],
    [0, 0, 0],
  );
  assert.equal(figures.fittedSteps, 1);
  assert.equal(figures.steps, (STEPS * 3) / 4);
  const [a, b] = figures.groups;
  assert.ok(Math.abs(a!.say - 1.6) < 1e-9 && Math.abs(b!.say - 0.4) < 1e-9);
  assert.ok(Math.abs(b!.lossRatio! - 39) < 1e-9);
  assert.ok(Math.abs(figures.spread! - 0.01) < 1e-12);
});

test('the scale of the gradients changes nothing', () => {
  fc.assert(
    fc.property(anyRecipe, fc.integer({ min: -40, max: 40 }), ({ by, k, seed }, exponent) => {
      const names = north.concat('centre').slice(0, k);
      const scaled: Recipe['step'] = (index) => {
        const { gradients, losses } = noise(k, seed)(index);
        return { gradients: gradients.map((g) => g.map((v) => v * 2 ** exponent)), losses };
      };
      const one = probeOf(runsOf({ by, names, step: noise(k, seed) }));
      assert.deepEqual(probeOf(runsOf({ by, names, step: scaled })), one);
    }),
    { numRuns: 20 },
  );
});

test('the order of the groups changes nothing', () => {
  fc.assert(
    fc.property(anyRecipe, ({ by, k, seed }) => {
      const names = north.concat('centre').slice(0, k);
      const reversed: Recipe['step'] = (index) => {
        const { gradients, losses } = noise(k, seed)(index);
        return { gradients: gradients.toReversed(), losses: losses.toReversed() };
      };
      const one = probeOf(runsOf({ by, names, step: noise(k, seed) }));
      const other = probeOf(runsOf({ by, names: names.toReversed(), step: reversed }));
      assert.deepEqual(other.advice, one.advice);
      assert.deepEqual(other.doubtful.toSorted(), one.doubtful.toSorted());
      for (const key of ['meanConflicts', 'lengthRatio', 'largestWeight', 'fittedSteps'] as const) {
        assert.ok(Math.abs(other.figures[key] - one.figures[key]) < 1e-6, key);
      }
      for (const group of one.figures.groups) {
        const same = other.figures.groups.find(({ name }) => name === group.name)!;
        assert.ok(Math.abs(same.say - group.say) < 1e-6, group.name);
      }
    }),
    { numRuns: 20 },
  );
});

test('the verdict agrees with the advice, the lines for the config and the schema', () => {
  fc.assert(
    fc.property(anyRecipe, ({ by, task, k, seed }) => {
      const names = north.concat('centre').slice(0, k);
      const probe = probeOf(runsOf({ by, task, names, step: noise(k, seed) }));
      const worth = probe.advice.filter(({ advice }) => advice === 'worth trying');
      assert.deepEqual(probe.aggregate, ['mean', ...worth.map(({ aggregator }) => aggregator)]);
      const isDiscouraging = /^(Expect no gain|Cannot tell)/.test(probe.verdict);
      assert.equal(isDiscouraging, worth.length === 0, probe.verdict);
      for (const { aggregator } of worth) assert.ok(probe.verdict.includes(aggregator));
      for (const name of probe.doubtful) assert.ok(probe.verdict.includes(name));
      assert.deepEqual(probeResultSchema.parse(JSON.parse(JSON.stringify(probe))), probe);
      assert.ok(formatProbe(probe).includes(`aggregate: [${probe.aggregate.join(', ')}]`));
    }),
    { numRuns: 30 },
  );
});

test('every aggregator gets advice from every rule, and the last rule fits everything', () => {
  for (const { advice } of rules) assert.deepEqual(Object.keys(advice), [...advisedAggregators]);
  const found = probeOf(runsOf({ by: 'microbatch', names: north, step: noise(4, 0) }));
  assert.equal(ruleFor(found), rules.at(-1));
  assert.equal(rules.at(-1)!.fits(found, measuredThresholds), true);
});

test('too few steps: it cannot tell', () => {
  const runs = runsOf({ by: 'label', names: north, step: oneApart });
  const short = runs.map((run) => ({ ...run, steps: run.steps.slice(0, 10) }));
  const probe = probeOf(short);
  assert.match(probe.verdict, /^Cannot tell/);
  assert.deepEqual(new Set(probe.advice.map(({ advice }) => advice)), new Set(['cannot tell']));
});

test('logs without Gram matrices, or with one group, are refused', () => {
  const runs = runsOf({ by: 'label', names: north, step: oneApart });
  const blind = runs.map((run) => ({
    ...run,
    steps: run.steps.map((step) => ({ ...step, gram: null })),
  }));
  assert.throws(() => probeOf(blind), /rings has no step with the Gram matrix of several groups/);
  assert.throws(() => probeOf(runsOf({ by: 'label', names: ['a'], step: noise(1, 0) })), /several/);
});

test('a probe is never larger than the experiment, and is offered only beside a larger one', () => {
  const config = { steps: 40, seeds: [7, { init: 1, order: 2 }], aggregate: ['mean' as const] };
  const seeds = [
    { init: 7, order: 7 },
    { init: 1, order: 2 },
  ];
  assert.deepEqual(probeSize(config), { steps: 40, seeds });
  assert.equal(costsLittleBeside(config), false);
  const large = {
    steps: 500,
    seeds: [0, 1, 2, 3, 4],
    aggregate: ['grain' as const, 'mean' as const],
  };
  assert.deepEqual(probeSize(large), {
    steps: 150,
    seeds: [0, 1, 2].map((seed) => ({ init: seed, order: seed })),
  });
  assert.equal(costsLittleBeside(large), true);
});
