import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregationLabel, resolvedAggregation } from '../../../src/config/aggregation.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { diagnoseStep } from '../../../src/engine/diagnoseStep.ts';
import type { AggregationSettings, AggregatorName } from '../../../src/engine/types.ts';
import { diagnosticsOf, factsOf } from '../../../src/runs/facts.ts';
import { formatShare } from '../../../src/runs/format.ts';
import { badgeOf, besideMean } from '../../../src/runs/guaranteeBadge.ts';
import { GuaranteeTally } from '../../../src/runs/guaranteeTally.ts';
import { conflictingStep } from '../extension/fixtures.ts';

type Step = Parameters<GuaranteeTally['add']>[0];

const fine: Step = { certified: true, stationary: false, updateConflictsWith: [] };
const adamw = { optimizer: { name: 'adamw', momentum: 0, weightDecay: 0 } };

function settingsOf(
  name: string,
  changes: Partial<AggregationSettings<string>> = {},
): AggregationSettings<string> {
  return {
    ...{ name, parameters: {}, metric: 'euclidean', smoothing: 0, zeroGroups: 'drop', guard: null },
    ...changes,
  };
}

function badge(
  aggregation: AggregationSettings<string>,
  steps: readonly Step[],
  config: Readonly<Record<string, unknown>> = adamw,
) {
  const tally = new GuaranteeTally(aggregation);
  for (const step of steps) tally.add(step);
  return badgeOf({ aggregation, config }, tally);
}

const steps = fc.array(
  fc.record({
    certified: fc.option(fc.boolean(), { nil: null, freq: 5 }),
    stationary: fc.constant(false),
    updateConflictsWith: fc.option(fc.subarray([0, 1, 2]), { nil: null, freq: 5 }),
  }),
  { maxLength: 6 },
);
const names = [...Object.keys(aggregators), 'theirs'];

test('green if and only if every direction is certified by a guarantee and every update conflicts with no group', () => {
  let green = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom(0, 0.5),
      fc.oneof(steps, fc.array(fc.constant(fine), { minLength: 1, maxLength: 4 })),
      (name, smoothing, of) => {
        const isGuaranteed =
          smoothing === 0 && aggregators[name as AggregatorName]?.properties.nonConflicting;
        const isFine = of.every(
          ({ certified, updateConflictsWith }) => certified && updateConflictsWith?.length === 0,
        );
        const isGreen = badge(settingsOf(name, { smoothing }), of).state === 'certified';
        assert.equal(isGreen, of.length > 0 && isFine && isGuaranteed === true);
        green += Number(isGreen);
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(green > 20, `only ${green} were green`);
});

test('a certified direction whose updates conflict says how many, by what optimizer, and what would help', () => {
  const conflicting = { ...fine, updateConflictsWith: [1] };
  const some = [...Array<Step>(14).fill(fine), ...Array<Step>(11).fill(conflicting)];
  const { state, text, meaning, remedy } = badge(settingsOf('grain'), some);
  assert.equal(state, 'updatesConflict');
  assert.equal(text, 'direction certified, 44 % of updates conflict (AdamW)');
  assert.match(meaning, /AdamW, with momentum and scaling, makes of it/);
  assert.match(meaning, /conflicted with a group in 11 of 25 steps/);
  assert.equal(
    remedy,
    'set guard: true in this entry of aggregate; it corrects every update that conflicts.',
  );
});

test('of all that was not measured, nothing is claimed', () => {
  const streaming = { certified: null, stationary: null, updateConflictsWith: null };
  assert.equal(badge(settingsOf('grain-streaming'), [streaming]).text, 'not measured');
  const layerwise = badge(settingsOf('grain-layerwise'), [{ ...fine, updateConflictsWith: null }]);
  assert.equal(layerwise.text, 'direction certified, updates not measured');
  assert.match(layerwise.meaning, /grain-layerwise frees the gradients/);
  assert.match(layerwise.remedy ?? '', /^set guard: true .+ it keeps the gradients/);
  assert.equal(
    badge(settingsOf('grain'), [fine, { ...fine, updateConflictsWith: null }]).text,
    'direction certified, updates measured in 1 of 2 steps',
  );
  assert.equal(
    badge(settingsOf('grain'), [fine, { ...fine, certified: null }]).text,
    'direction measured in 1 of 2 steps, no update conflicts',
  );
});

test('one violation in a thousand steps is a violation', () => {
  const many = [{ ...fine, certified: false }, ...Array<Step>(999).fill(fine)];
  const { state, text, meaning } = badge(settingsOf('grain'), many);
  assert.deepEqual([state, text], ['violated', 'guarantee violated']);
  assert.match(meaning, /In 1 of 1000 steps/);
});

test('without a guarantee only the updates are counted', () => {
  const some = [fine, { certified: false, stationary: false, updateConflictsWith: [0] }];
  assert.equal(
    badge(settingsOf('mean'), some).text,
    'no guarantee, 50 % of updates conflict (AdamW)',
  );
  assert.equal(
    badge(settingsOf('mean', { guard: 0 }), [fine]).text,
    'no guarantee, no update conflicts',
  );
  assert.equal(
    badge(settingsOf('theirs'), some, {}).text,
    'guarantee unknown, 50 % of updates conflict',
  );
  assert.equal(
    badge(settingsOf('grain', { smoothing: 0.5 }), [fine]).text,
    'guarantee lost, no update conflicts',
  );
});

test('a direction of length zero is stationary', () => {
  assert.equal(
    badge(settingsOf('grain'), [fine, { ...fine, stationary: true }]).state,
    'stationary',
  );
});

test('every remedy is a config that the rules accept', () => {
  const conflicting = [{ ...fine, updateConflictsWith: [1] }];
  let remedies = 0;
  for (const { name, decidedBy } of Object.values(aggregators)) {
    const hasMetric = decidedBy === 'gram' || decidedBy === 'block-grams';
    for (const optimizer of ['adamw', 'sgd'] as const) {
      for (const metric of ['euclidean', 'preconditioned'] as const) {
        for (const guard of [null, 0, 0.1]) {
          if (metric === 'preconditioned' && !(hasMetric && optimizer === 'adamw')) continue;
          const config = { optimizer: { name: optimizer, momentum: 0.9, weightDecay: 0 } };
          const { remedy } = badge(settingsOf(name, { metric, guard }), conflicting, config);
          if (remedy === null) continue;
          remedies++;
          assert.match(remedy, /^set guard: true/);
          const entry = `{ name: ${name}, metric: ${metric}, guard: true }`;
          const text = `data: { train: a.csv, validation: b.csv, target: c }\noptimizer: { name: ${optimizer} }\naggregate: [${entry}]\n`;
          const { aggregate, zeroGroups } = parseConfig(text, 'grain.yaml').config;
          const resolved = resolvedAggregation(aggregate[0]!, zeroGroups);
          assert.match(aggregationLabel(resolved, zeroGroups), / guard$/);
        }
      }
    }
  }
  assert.ok(remedies > 10, `${remedies}`);
});

test('a share is 0 % or 100 % only of none and all', () => {
  const shares = [formatShare(0, 300), formatShare(1, 100_000), formatShare(2, 300)];
  assert.deepEqual(shares, ['0 %', '< 0.1 %', '0.7 %']);
  assert.deepEqual(
    [formatShare(132, 300), formatShare(299, 300), formatShare(300, 300)],
    ['44 %', '> 99 %', '100 %'],
  );
});

test('the updates of the mean, from its log; steps whose facts do not match are left out', () => {
  const update = { norm2: 1, inner: [1, -1] };
  const log = [
    conflictingStep(1, { update }),
    conflictingStep(2, { update: { norm2: 1, inner: [1, 1] } }),
    conflictingStep(3, { update: { norm2: 1, inner: [1] } }),
    conflictingStep(4, { update: null }),
  ];
  const tally = new GuaranteeTally(settingsOf('mean'));
  for (const derived of log.flatMap((event) => diagnosticsOf(event) ?? [])) tally.add(derived);
  const counts = tally.counts.updates;
  assert.deepEqual(counts, { conflicted: 1, measured: 2 });
  assert.equal(besideMean(counts), 'mean, same seed: 50 %');
  assert.equal(besideMean({ conflicted: 0, measured: 0 }), '');
  assert.equal(besideMean(null), '');
});

test('an update that is not finite was not measured', () => {
  const update = { norm2: null, inner: [null, null] };
  assert.equal(diagnoseStep(factsOf(conflictingStep(1, { update }))).updateConflictsWith, null);
});
