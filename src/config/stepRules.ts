/** Rules about the steps of a run: groups, optimizer, aggregators and seeds. */
import { aggregators } from '../engine/aggregators/registry.ts';
import { canBeGuarded } from '../engine/guarantee.ts';
import { aggregationLabel, resolvedAggregation } from './aggregation.ts';
import { isSplit } from './data.ts';
import type { Finding } from './diagnostic.ts';
import { defaults, type Rule, repeated } from './rule.ts';
import type { Config } from './schema.ts';
import { seedPairs, settlingOf } from './seeds.ts';
import { techniquesFit } from './techniques/rules.ts';

export const stepRules: readonly Rule[] = [
  labelsNeedClasses,
  batchesHoldTheirGroups,
  groupsByValueHaveNoCount,
  optimizersHaveTheirOwnKeys,
  aggregationsOnce,
  preconditionersBelongToAdamw,
  settingsHaveAnEffect,
  seedsOnce,
  learningRatesOnce,
  epochsOrSteps,
  seedsCanSettle,
  alarmsOnce,
  techniquesFit,
  splitsAreDrawn,
];

function labelsNeedClasses({ groups, task }: Config): Finding[] {
  if (groups.by !== 'label' || task === 'classification') return [];
  return [
    {
      path: ['groups', 'by'],
      message: `groups by label need classes, which task: ${task} does not have`,
      expected: 'microbatch, random, length or column:<name>',
    },
  ];
}

function batchesHoldTheirGroups({ groups, batchSize }: Config, isWritten: Parameters<Rule>[1]) {
  if (isByValue(groups.by) || groups.count <= batchSize) return [];
  const count = ['groups', 'count'];
  return [
    {
      path: isWritten(count) ? count : ['batchSize'],
      message: `a batch of ${batchSize} examples cannot be split into ${groups.count} groups`,
      expected: 'groups.count of at most batchSize',
    },
  ];
}

function groupsByValueHaveNoCount({ groups }: Config): Finding[] {
  if (!isByValue(groups.by) || groups.count === defaults.groups.count) return [];
  return [
    {
      path: ['groups', 'count'],
      isKey: true,
      message: `groups.count does nothing with groups.by: ${groups.by}, which makes one group per value`,
      expected: 'no groups.count, or groups.by: microbatch, random or length',
    },
  ];
}

function optimizersHaveTheirOwnKeys({ optimizer }: Config): Finding[] {
  const [foreign, other] = (
    { sgd: [['beta1', 'beta2', 'epsilon'], 'adamw'], adamw: [['momentum'], 'sgd'] } as const
  )[optimizer.name];
  return foreign
    .filter((key) => optimizer[key] !== defaults.optimizer[key])
    .map((key) => ({
      path: ['optimizer', key],
      isKey: true,
      message: `optimizer.${key} does nothing with ${optimizer.name}`,
      expected: `no such key, or name: ${other}`,
    }));
}

function aggregationsOnce({ aggregate, zeroGroups, techniques }: Config): Finding[] {
  const labels = aggregate.map((entry) =>
    aggregationLabel(resolvedAggregation(entry, zeroGroups, techniques), zeroGroups, techniques),
  );
  return repeated(labels, ['aggregate'], 'each aggregator once with the same settings');
}

function preconditionersBelongToAdamw({ aggregate, optimizer }: Config): Finding[] {
  if (optimizer.name === 'adamw') return [];
  return aggregate.flatMap((entry, i) =>
    typeof entry === 'string' || entry.metric === 'euclidean'
      ? []
      : {
          path: ['aggregate', i, 'metric'],
          message: `${optimizer.name} has no preconditioner that could define the metric`,
          expected: 'metric: euclidean, or optimizer.name: adamw',
        },
  );
}

/** Metric and smoothing need the weights of a Gram matrix; the policy needs an aggregator that zero gradients leave no direction. */
function settingsHaveAnEffect({ aggregate, zeroGroups }: Config): Finding[] {
  return aggregate.flatMap((entry, i) => {
    if (typeof entry === 'string') return [];
    const description = aggregators[entry.name];
    const { decidedBy, takesZeroGroups } = description;
    const isByGram = decidedBy === 'gram' || decidedBy === 'block-grams';
    const ineffective: Finding[] = [];
    if (!isByGram && entry.metric !== 'euclidean') {
      ineffective.push({
        path: ['aggregate', i, 'metric'],
        message: `metric does nothing with ${entry.name}, which does not use the inner products of all gradients`,
        expected: 'metric: euclidean',
      });
    }
    if (!isByGram && entry.smoothing > 0) {
      ineffective.push({
        path: ['aggregate', i, 'smoothing'],
        message: `smoothing does nothing with ${entry.name}, which does not weigh all gradients at once`,
        expected: 'smoothing: 0',
      });
    }
    const isGuarded = entry.guard !== undefined && entry.guard !== false;
    if (isGuarded && !canBeGuarded(description)) {
      ineffective.push({
        path: ['aggregate', i, 'guard'],
        message: `${entry.name} does not keep the gradients of all groups until the update, which a guard needs`,
        expected: 'guard: false, or another aggregator',
      });
    }
    if (takesZeroGroups && entry.zeroGroups && entry.zeroGroups !== zeroGroups) {
      ineffective.push({
        path: ['aggregate', i, 'zeroGroups'],
        isKey: true,
        message: `zeroGroups does nothing with ${entry.name}, which accepts zero gradients`,
        expected: 'no such key',
      });
    }
    return ineffective;
  });
}

function alarmsOnce({ alarms }: Config): Finding[] {
  const expected = 'each rule once';
  const contradicted = alarms.stop.flatMap((rule, index) => {
    if (!alarms.off.includes(rule)) return [];
    const message = `${rule} cannot stop a run: alarms.off turns it off`;
    return [{ path: ['alarms', 'stop', index], message, expected: `${rule} in one of the two` }];
  });
  return [
    ...repeated(alarms.stop, ['alarms', 'stop'], expected),
    ...repeated(alarms.off, ['alarms', 'off'], expected),
    ...contradicted,
  ];
}

function seedsOnce({ seeds }: Config): Finding[] {
  const pairs = seedPairs(seeds).map(({ init, order, split }) =>
    [init, order, ...(split === undefined ? [] : [split])].join('/'),
  );
  return repeated(
    pairs,
    ['seeds'],
    'each combination of init, order and split once; a number is init and order',
  );
}

function learningRatesOnce({ tune }: Config): Finding[] {
  if (!tune) return [];
  return repeated(tune.learningRates.map(String), ['tune', 'learningRates'], 'each rate once');
}

function epochsOrSteps({ epochs }: Config, isWritten: Parameters<Rule>[1]): Finding[] {
  if (epochs === undefined || !isWritten(['steps'])) return [];
  return [
    {
      path: ['steps'],
      isKey: true,
      message: 'steps does nothing with epochs, from which the steps follow',
      expected: 'one of the two',
    },
  ];
}

/** A split can only be drawn anew from a training file that is split. */
function splitsAreDrawn({ seeds, data }: Config): Finding[] {
  if (isSplit(data.validation) || seedPairs(seeds).every(({ split }) => split === undefined)) {
    return [];
  }
  return [
    {
      path: ['seeds'],
      message:
        'seeds.split draws validation examples from data.train, but data.validation is a file',
      expected: 'data.validation: { share: 0.2 }, or seeds of init and order alone',
    },
  ];
}

/** Seeds are added until a comparison is settled: there must be one, and something to settle. */
function seedsCanSettle({ seeds, aggregate }: Config): Finding[] {
  const settling = settlingOf(seeds);
  if (!settling) return [];
  if (Object.keys(settling.until).length === 0) {
    return [
      {
        path: ['seeds', 'until'],
        message: 'seeds.until does not say what is to be settled',
        expected: 'difference, spread or both',
      },
    ];
  }
  if (aggregate.length > 1) return [];
  return [
    {
      path: ['seeds'],
      message: 'seeds cannot settle a comparison: there is only one method',
      expected: 'two or more entries of aggregate, or a list of seeds',
    },
  ];
}

function isByValue(by: string): boolean {
  return by === 'label' || by.startsWith('column:');
}
