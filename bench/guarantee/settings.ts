/** The tasks on which methods are compared. */

import { warmedUp } from '../../src/experiment/claims/settings.ts';
import type { ClaimConfig } from '../../src/experiment/claims/trainings.ts';
import { byLabel, example, genre, inMicrobatches, rte, stsb, withSmallNetwork } from './configs.ts';

export interface Setting {
  readonly name: string;
  readonly title: string;
  /** The metric of the table, and whether more of it is better. */
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  /** A run that does no better has failed: what a constant prediction reaches, or hardly more. */
  readonly baseline: number;
  /** `named`: a group is the same in every step, so that its weights over the steps mean something. */
  readonly groups: 'named' | 'anonymous';
  /** Names of the methods to compare. */
  readonly methods: readonly string[];
  /** False: every method has the config's learning rate. */
  readonly tuned?: false;
  /** Null where its data are missing on this machine. */
  config(): Promise<ClaimConfig | null>;
}

const fewMethods = ['mean', 'grain', 'grain-normalized', 'upgrad'];
const guardedToo = [...fewMethods, 'mean, guarded'];
const manyMethods = [
  ...guardedToo,
  'mean-norm-matched',
  'grain, preconditioned',
  'mean, guarded with slack 0.1',
  'grain, smoothing 0.9',
  'grain, 4 groups',
  'grain, 2 groups',
];
const accuracy = { metric: 'accuracy', better: 'higher', baseline: 0.2 } as const;
const spearman = {
  metric: 'spearman',
  better: 'higher',
  baseline: 0.1,
  groups: 'anonymous',
} as const;

export const settings: readonly Setting[] = [
  {
    ...accuracy,
    name: 'mlp-microbatch',
    title: 'digits, 8 micro-batches',
    groups: 'anonymous',
    methods: manyMethods,
    config: async () => withSmallNetwork(inMicrobatches(example('digits'))),
  },
  {
    ...accuracy,
    name: 'mlp-label',
    title: 'digits, groups by label',
    groups: 'named',
    methods: manyMethods,
    config: async () => withSmallNetwork(byLabel(example('digits'))),
  },
  {
    ...accuracy,
    name: 'mlp-source',
    title: 'digits, groups by source, one of four mislabelled',
    groups: 'named',
    methods: manyMethods,
    config: async () => withSmallNetwork(example('sources')),
  },
  {
    ...accuracy,
    name: 'label-blocks',
    title: 'digits, groups by label: by layer, one by one, preconditioned',
    groups: 'anonymous',
    methods: ['mean', 'grain-layerwise', 'grain-streaming', 'grain, preconditioned'],
    tuned: false,
    // The last layer alone would be too small for weights of its own.
    config: async () => withSmallNetwork(byLabel(example('digits')), [64, 32]),
  },
  {
    ...spearman,
    name: 'stsb-tuned',
    title: 'STS-B, 500 pairs',
    methods: manyMethods,
    config: () => stsb(),
  },
  {
    ...spearman,
    name: 'stsb-few-tuned',
    title: 'STS-B, 64 pairs',
    methods: guardedToo,
    config: () => stsb({ pairs: 64 }),
  },
  {
    ...spearman,
    name: 'stsb-low-rate',
    title: 'STS-B, 500 pairs, a learning rate that is too low',
    methods: [...guardedToo, 'mean-norm-matched'],
    tuned: false,
    config: () => stsb({ optimizer: { ...warmedUp, learningRate: 3e-4 } }),
  },
  {
    ...spearman,
    name: 'stsb-high-rate',
    title: 'STS-B, 500 pairs, a learning rate that is too high',
    methods: [...guardedToo, 'mean-norm-matched'],
    tuned: false,
    config: () => stsb({ optimizer: { name: 'adamw', learningRate: 1e-2 } }),
  },
  {
    ...accuracy,
    name: 'rte-tuned',
    title: 'RTE, 500 pairs',
    groups: 'anonymous',
    baseline: 0.53,
    methods: fewMethods,
    config: rte,
  },
  {
    ...accuracy,
    name: 'genre-lora',
    title: 'captions or news, MiniLM with LoRA on 32 sentences',
    groups: 'anonymous',
    baseline: 0.55,
    methods: guardedToo,
    tuned: false,
    config: genre,
  },
  {
    ...spearman,
    name: 'stsb-features',
    title: 'STS-B, 500 pairs, at 1e-3',
    methods: guardedToo,
    tuned: false,
    config: () => stsb(),
  },
  {
    ...accuracy,
    name: 'digits-microbatch',
    title: 'examples/digits, 8 micro-batches',
    groups: 'anonymous',
    methods: [
      ...guardedToo,
      'mean-norm-matched',
      'grain, preconditioned',
      'grain, guarded',
      'grain-normalized, guarded',
    ],
    tuned: false,
    config: async () => inMicrobatches(example('digits')),
  },
  {
    ...accuracy,
    name: 'digits-label',
    title: 'examples/digits, groups by label',
    groups: 'named',
    methods: guardedToo,
    tuned: false,
    config: async () => byLabel(example('digits')),
  },
  {
    ...accuracy,
    name: 'digits-source',
    title: 'examples/sources, one of four mislabelled',
    groups: 'named',
    methods: guardedToo,
    tuned: false,
    config: async () => example('sources'),
  },
];
