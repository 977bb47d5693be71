/** What `grain probe --json` prints: what a probe found and what it advises. */
import * as z from 'zod';
import { seedSchema } from '../../runs/manifest.ts';
import { errorSchema } from '../launchResult.ts';

/** The aggregators that a probe advises on: those that were measured with it. */
export const advisedAggregators = ['grain', 'grain-normalized', 'upgrad'] as const;

export const advices = ['worth trying', 'expect no gain', 'expect a loss', 'cannot tell'] as const;

const groupFigures = z.object({
  name: z.string(),
  /** Mean of its weight in the shortest vector, times the number of groups: 1 is an equal say, 0 none. */
  say: z.number(),
  /** Its mean loss over that of the other groups; `null` where theirs is zero. */
  lossRatio: z.number().nullable(),
});

const runFigures = z.object({
  seed: seedSchema,
  /** Steps that the figures are taken from. */
  steps: z.number(),
  /** Mean share of a step's groups that the mean gradient conflicts with, 0…1. */
  meanConflicts: z.number(),
  /** Mean share of a step's pairs of groups whose gradients conflict, 0…1. */
  pairConflicts: z.number(),
  /** Share of steps whose update conflicts with some group, 0…1; `null` where updates were not measured. */
  updateConflicts: z.number().nullable(),
  /** Median of ‖g*‖/‖ḡ‖, the length of the shortest vector over that of the mean, 0…1. */
  lengthRatio: z.number(),
  /** Median of the largest weight in the shortest vector, 1/k…1. */
  largestWeight: z.number(),
  /** Share of steps in which some group is fitted and others are not, 0…1. */
  fittedSteps: z.number(),
  /** Of groups that stay the same from step to step; empty for parts of a batch. */
  groups: z.array(groupFigures).readonly(),
  /** The metric that ranks checkpoints, at the end; `null` if the run has not finished or it is not finite. */
  metric: z.number().nullable(),
});

const probeSchema = z.object({
  name: z.string(),
  task: z.string(),
  groups: z.object({ by: z.string(), names: z.array(z.string()).readonly() }),
  metric: z.object({ name: z.string(), better: z.enum(['higher', 'lower']) }),
  /** Means over the seeds of the figures of the same names. */
  figures: runFigures.omit({ seed: true }).extend({
    /** Standard deviation of the metric over the seeds; `null` for fewer than two. */
    spread: z.number().nullable(),
  }),
  runs: z.array(runFigures).readonly(),
  /** Groups that contradict the others while their loss stays high, in every seed. */
  doubtful: z.array(z.string()).readonly(),
  /** One or two sentences. */
  verdict: z.string(),
  advice: z
    .array(z.object({ aggregator: z.enum(advisedAggregators), advice: z.enum(advices) }))
    .readonly(),
  /** For the config: the mean and what is worth trying beside it. */
  aggregate: z.array(z.string()).readonly(),
});

export const probeResultSchema = z.union([errorSchema, probeSchema]);

/** The message that `grain probe --progress ipc` sends while it trains. */
export const probeProgressSchema = z.object({
  probing: z.object({ step: z.number(), steps: z.number() }),
});
export type ProbeProgress = z.infer<typeof probeProgressSchema>;

export type Advised = (typeof advisedAggregators)[number];
export type Advice = (typeof advices)[number];
export type RunFigures = Readonly<z.infer<typeof runFigures>>;
export type GroupFigures = Readonly<z.infer<typeof groupFigures>>;
export type Probe = Readonly<z.infer<typeof probeSchema>>;
