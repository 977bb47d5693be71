/** Runs that are made to fail, each in the way that a rule is to find: two ways for every rule. */
import type { RunSummary } from '../../src/runs/store.ts';
import { digits, type FailingSetting, five, of } from './failingSetting.ts';
import {
  withBrightImage,
  withCopies,
  withEveryLabel,
  withMisspeltSource,
  withOutliers,
  withSameImages,
  withTypingError,
} from './spoilt.ts';

const label = { groups: { by: 'label' } };
const source = { groups: { by: 'column:source' } };
const linear = { task: 'regression', model: { architecture: 'mlp', hidden: [] } };
const deep = { model: { architecture: 'mlp', hidden: [32, 32, 32] } };

export const settings: readonly FailingSetting[] = [
  digits(
    'outlier',
    'a regression; in 5 of 100 examples a pixel is 10²⁰',
    ['non-finite'],
    { spoil: withOutliers },
    { ...linear, aggregate: ['mean'] },
  ),
  digits(
    'underflow',
    'AdamW with ε = 10⁻⁵⁰, which is 0 in float32; some pixels are always black',
    ['non-finite'],
    {},
    {
      optimizer: { name: 'adamw', learningRate: 3e-3, epsilon: 1e-50 },
      aggregate: ['mean'],
    },
  ),
  digits(
    'exploding',
    'AdamW at a learning rate of 100',
    ['exploding-loss'],
    {},
    { optimizer: { name: 'adamw', learningRate: 100 }, aggregate: ['mean'] },
  ),
  digits(
    'diverging',
    'a linear regression; SGD at a learning rate of 0.1',
    ['exploding-loss'],
    {},
    { ...linear, optimizer: { name: 'sgd', learningRate: 0.1 }, aggregate: ['mean'] },
  ),
  digits(
    'corrupted',
    'one of 4000 examples has pixels multiplied by −1000',
    ['loss-spike'],
    { counts: of(800), spoil: withBrightImage },
    { aggregate: ['mean'] },
  ),
  digits(
    'comma',
    'a regression; the target of one of 4000 examples is multiplied by 100',
    ['loss-spike'],
    { counts: of(800), spoil: withTypingError },
    { ...linear, aggregate: ['mean'] },
  ),
  digits(
    'dead',
    'three hidden layers; SGD with momentum at a learning rate of 1',
    ['vanishing-gradients', 'constant-predictions'],
    {},
    {
      ...deep,
      optimizer: { name: 'sgd', learningRate: 1, momentum: 0.9 },
      aggregate: ['mean'],
    },
  ),
  digits(
    'saturated',
    'three hidden layers; AdamW at a constant learning rate of 0.3',
    ['vanishing-gradients'],
    {},
    { ...deep, optimizer: { name: 'adamw', learningRate: 0.3 }, aggregate: ['mean'] },
  ),
  {
    ...digits(
      'collapsed',
      'the shortest vector with groups by label',
      ['stalled-direction'],
      {},
      { ...label, aggregate: ['grain'], steps: 300 },
    ),
    isLogged: (run) => isOf(run, 'grain', 'label'),
  },
  digits(
    'contradiction',
    'every image with each of the five labels, a source for each label; guarded',
    ['guard-stalled'],
    { counts: of(4), spoil: withEveryLabel(five) },
    { ...source, batchSize: 100, aggregate: [{ name: 'mean', guard: true }] },
  ),
  digits(
    'coin',
    'two classes, every image with both labels, each from a source; SGD with momentum, guarded',
    ['guard-stalled'],
    { classes: [5, 6], counts: [20, 20], spoil: withEveryLabel([5, 6]) },
    {
      ...source,
      batchSize: 80,
      optimizer: { name: 'sgd', learningRate: 0.01, momentum: 0.9 },
      aggregate: [{ name: 'mean', guard: true }],
    },
  ),
  claimed('planted', 'label', 'grain', 'the shortest vector'),
  claimed('planted-upgrad', 'column:source', 'upgrad', 'UPGrad'),
  digits(
    'overshot',
    'SGD with momentum 0.99 at a constant learning rate of 0.3',
    ['update-conflict'],
    {},
    { optimizer: { name: 'sgd', learningRate: 0.3, momentum: 0.99 }, aggregate: ['mean'] },
  ),
  digits(
    'swinging',
    'a linear regression; SGD with momentum 0.999 at a constant learning rate of 5·10⁻⁵',
    ['update-conflict'],
    {},
    {
      ...linear,
      optimizer: { name: 'sgd', learningRate: 5e-5, momentum: 0.999 },
      aggregate: ['mean'],
    },
  ),
  digits(
    'copies',
    'one of 3 sources has the same image 20 times, the shortest vector',
    ['dominant-group', 'stalled-direction'],
    { sources: 2, spoil: withCopies },
    { ...source, aggregate: ['grain'] },
  ),
  digits(
    'same',
    'one of two classes has the same image 20 times, the shortest vector with groups by label',
    ['dominant-group'],
    { classes: [5, 6], counts: [20, 20], spoil: withSameImages },
    { ...label, aggregate: ['grain'] },
  ),
  digits(
    'typo',
    'one of two classes has one example, grain-normalized with groups by label',
    ['few-examples'],
    { classes: [5, 6], counts: [20, 1] },
    { ...label, batchSize: 21, aggregate: ['grain-normalized'] },
  ),
  digits(
    'misspelt',
    'one of 5 sources has one example, the shortest vector',
    ['few-examples'],
    { sources: 4, spoil: withMisspeltSource },
    { ...source, aggregate: ['grain'] },
  ),
  digits(
    'mislabelled',
    'one of 4 sources with random labels, the shortest vector',
    ['starved-group'],
    { sources: 4, noise: [1] },
    { ...source, aggregate: ['grain'], steps: 300 },
  ),
  digits(
    'next-class',
    'one of 4 sources with labels shifted by one class, the shortest vector',
    ['starved-group'],
    { sources: 4, odd: 'shifted labels' },
    { ...source, aggregate: ['grain'], steps: 300 },
  ),
  digits(
    'blind',
    'inputs divided by 10⁹',
    ['constant-predictions'],
    {},
    { data: { scale: 1e9 }, aggregate: ['mean'] },
  ),
  {
    ...digits(
      'unlucky',
      'a seed that failed where others did not, at learning rates that are too high',
      ['seed-apart'],
      {},
      {
        ...deep,
        optimizer: { name: 'sgd', learningRate: 0.25, momentum: 0.9 },
        aggregate: ['mean'],
      },
    ),
    seeds: 80,
    alone: true,
    isLogged: ({ manifest }) => manifest.experiment.name === 'stsb-high-rate',
  },
  digits(
    'shifted',
    'training labels shifted by one class',
    ['below-majority'],
    { odd: 'shifted labels' },
    { aggregate: ['mean'] },
  ),
  digits(
    'swapped',
    'the labels of two classes swapped in the training data',
    ['below-majority'],
    { classes: [5, 6], counts: [50, 50], odd: 'shifted labels' },
    { aggregate: ['mean'] },
  ),
];

/** Logs of the mean of bench/guarantee.ts that claim to be of an aggregator that never conflicts with a group. */
function claimed(
  name: string,
  groups: 'label' | 'column:source',
  aggregator: string,
  called: string,
): FailingSetting {
  const by = groups === 'label' ? 'label' : 'source';
  return {
    name,
    title: `logs of the mean’s runs with groups by ${by} that claim to be of ${called}`,
    detects: ['guarantee-violated'],
    config: () => null,
    claim: (run) => (isOf(run, 'mean', groups) ? claiming(run, aggregator) : null),
  };
}

/** Of bench/guarantee.ts, with that aggregator and those groups. */
function isOf(
  { manifest: { aggregation, groups } }: RunSummary,
  aggregator: string,
  by: 'label' | 'column:source',
): boolean {
  return aggregation.name === aggregator && groups.by === by;
}

function claiming(run: RunSummary, aggregator: string): RunSummary {
  const aggregation = { ...run.manifest.aggregation, name: aggregator };
  return { ...run, manifest: { ...run.manifest, aggregator, aggregation } };
}
