/** Classification, pairs of sentences, regression and generation, with GRAIN as the paper describes it and as its code has it. */
import type { ClaimContext } from './claim.ts';
import {
  controls,
  grain,
  grainLayerwise,
  grainNormalized,
  mean,
  meanNormMatched,
  onDigits,
  onPairs,
  onProblems,
  pairsIn,
  problemsIn,
  regressionOnPairs,
} from './settings.ts';
import { type SpreadTask, spreadClaim } from './spread.ts';

export const spread = spreadClaim(
  'spread',
  'Final results are better on average, and vary less over seeds, in classification, regression and generation.',
  grain,
  describedTasks,
);

/**
 * The trainer published at github.com/christa60/GRAIN takes two accumulated micro-batches a step and the shortest combination of
 * their gradients for each tensor on its own. With LoRA, a layer here is such a tensor.
 */
export const publishedCode = spreadClaim(
  'published-code',
  'The same, aggregated as the published code does it: two micro-batches, each layer on its own.',
  grainLayerwise,
  publishedTasks,
);

const few = [mean, grain, grainNormalized];

function describedTasks(context: ClaimContext): SpreadTask[] {
  const { stsb, rte, gsm8k } = settingsOf(context);
  const high = stsb('stsb-high-rate', 'STS-B, 500 pairs, a learning rate that is too high', {
    optimizer: { name: 'adamw', learningRate: 1e-2 },
  });
  return [
    {
      setting: {
        name: 'digits-microbatch8',
        title: 'digits, 360 images, 8 micro-batches',
        config: onDigits(context.digits, { by: 'microbatch', count: 8 }),
      },
      methods: [...few, ...controls],
      needs: '',
    },
    {
      setting: high && { ...high, isTuned: false },
      methods: [...few, meanNormMatched],
      needs: 'regression at a learning rate that is too high (STS-B)',
    },
    {
      setting: stsb('stsb-tuned', 'STS-B, 500 pairs'),
      methods: [...few, ...controls],
      needs: 'regression (STS-B)',
    },
    {
      setting: rte('rte-tuned', 'RTE, 500 pairs'),
      methods: [...few, ...controls],
      needs: 'pairs of sentences (RTE)',
    },
    {
      setting: gsm8k('gsm8k', 'GSM8K, 128 problems, LoRA'),
      methods: [...few, meanNormMatched],
      needs: 'generation (GSM8K)',
    },
  ];
}

function publishedTasks(context: ClaimContext): SpreadTask[] {
  const { stsb, rte, gsm8k } = settingsOf(context);
  const groups = { by: 'microbatch', count: 2 };
  const methods = [mean, grainLayerwise, grain];
  const problems = gsm8k('gsm8k-microbatch2', 'GSM8K, 128 problems, LoRA, 2 micro-batches', {
    groups,
  });
  // The rate that is best for grain-layerwise: whether a lower rate alone narrows the spread.
  const slower = problems && {
    name: 'gsm8k-mb2-at-0.001',
    title: 'GSM8K, 128 problems, LoRA, 2 micro-batches, a learning rate of 0.001',
    config: {
      ...problems.config,
      optimizer: { ...problems.config.optimizer, learningRate: 1e-3 },
    },
  };
  return [
    {
      setting: {
        name: 'digits-microbatch2',
        title: 'digits, 360 images, 2 micro-batches',
        config: onDigits(context.digits, groups),
      },
      methods,
      needs: '',
    },
    {
      setting: stsb('stsb-microbatch2', 'STS-B, 500 pairs, 2 micro-batches', { groups }),
      methods,
      needs: 'regression (STS-B)',
    },
    {
      setting: rte('rte-microbatch2', 'RTE, 500 pairs, 2 micro-batches', { groups }),
      methods,
      needs: 'pairs of sentences (RTE)',
    },
    {
      setting: problems,
      methods,
      needs: 'generation (GSM8K)',
    },
    {
      setting: slower && { ...slower, isTuned: false },
      methods: [mean, grainLayerwise],
      needs: 'generation at one learning rate (GSM8K)',
    },
  ];
}

/** Settings of tasks whose data no package carries: `null` where they are missing. */
function settingsOf({ data }: ClaimContext) {
  const [stsb, rte, problems] = [pairsIn(data, 'stsb'), pairsIn(data, 'rte'), problemsIn(data)];
  return {
    stsb: (name: string, title: string, changes = {}) =>
      stsb && { name, title, config: onPairs(stsb, { ...regressionOnPairs, ...changes }) },
    rte: (name: string, title: string, changes = {}) =>
      rte && { name, title, config: onPairs(rte, changes) },
    gsm8k: (name: string, title: string, changes = {}) =>
      problems === null ? null : { name, title, config: { ...onProblems(problems), ...changes } },
  };
}
