import * as z from 'zod';
import type { AggregatorDescription } from '../engine/aggregators/description.ts';
import { regimesText } from '../engine/aggregators/regimes.ts';
import { aggregators } from '../engine/aggregators/registry.ts';
import type {
  AggregationSettings,
  AggregatorName,
  Metric,
  ZeroGroupPolicy,
} from '../engine/types.ts';
import { numberOf } from './numberSchema.ts';
import {
  resolvedTechniques,
  techniquesLabel,
  techniquesSchema,
  type WrittenTechniques,
} from './techniques/schema.ts';

/** An entry of `aggregate` with settings; the aggregator's parameters are further keys. */
export interface EntryWithSettings {
  readonly name: AggregatorName;
  readonly metric: Metric;
  readonly smoothing: number;
  readonly zeroGroups?: ZeroGroupPolicy;
  readonly guard?: boolean | number;
  readonly techniques?: WrittenTechniques;
  readonly [parameter: string]: number | string | boolean | WrittenTechniques | undefined;
}

export type AggregateEntry = AggregatorName | EntryWithSettings;

const descriptions: readonly AggregatorDescription[] = Object.values(aggregators);
export const aggregatorNames = descriptions.map(({ name }) => name) as [
  AggregatorName,
  ...AggregatorName[],
];

export const zeroGroups = z.enum(['drop', 'stop', 'error']);

const settings = {
  metric: z
    .enum(['euclidean', 'preconditioned'])
    .default('euclidean')
    .describe(
      'The metric of inner products and of the guarantee: `euclidean`, between the gradients; `preconditioned` (with `adamw`), in the metric of AdamW’s diagonal preconditioner P, so that the guarantee is about the step Pd, without momentum and weight decay. AdamW’s second moment then averages the squared gradients of the groups instead of the square of d. Where it was [measured](guarantee.md), updates conflicted less often and accuracy was lower.',
    ),
  smoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'Weights are an exponential moving average over steps with this coefficient (CR-MOGM, Zhou et al. 2022). Above 0 no step has a guarantee.',
    ),
  guard: z
    .union([z.boolean(), z.number().min(0).lt(1)])
    .default(false)
    .meta({ title: 'true or false, or a number from 0 to below 1' })
    .describe(
      'Correct what the optimizer makes of the gradient – with momentum, scaling and weight decay – by the smallest change, in the metric of the entry, after which the step of the parameters conflicts with no group (GEM, Lopez-Paz & Ranzato 2017). A number allows each group that share of the largest possible loss, ‖Δ‖‖gᵢ‖: where groups cannot agree, a guard without allowance stops training.',
    ),
  zeroGroups: zeroGroups
    .optional()
    .describe('Overrides the top-level `zeroGroups` for this entry.'),
  techniques: techniquesSchema('For this entry, besides those of the top level:'),
};

function variantOf({ name, title, parameters }: AggregatorDescription) {
  return z
    .strictObject({
      name: z.literal(name).describe('Name of the aggregator.'),
      ...Object.fromEntries(Object.entries(parameters).map(([key, of]) => [key, numberOf(of)])),
      ...settings,
    })
    .describe(`${title}. ${regimesText(name)}`.trim());
}

function describedChoice({ name, title, guarantee }: AggregatorDescription): string {
  return [`${title}.`, guarantee, regimesText(name)].filter(Boolean).join(' ');
}

const [first, ...others] = descriptions.map(variantOf);

/** An entry of `aggregate`, from the descriptions of the registry. */
export const aggregateEntry = z.union([
  // Editors show these beside the names that they complete, and when hovering over one.
  z.enum(aggregatorNames).meta({ enumDescriptions: descriptions.map(describedChoice) }),
  z.discriminatedUnion('name', [first!, ...others]).meta({
    title:
      'the keys name, metric, smoothing, guard, zeroGroups, techniques and the aggregator’s parameters',
  }) as z.ZodType<EntryWithSettings>,
]);

/**
 * @param standard the policy of the config for groups without gradient
 * @param common the techniques of all entries
 */
export function resolvedAggregation(
  entry: AggregateEntry,
  standard: ZeroGroupPolicy,
  common?: WrittenTechniques,
): AggregationSettings {
  const given: Partial<EntryWithSettings> = typeof entry === 'string' ? { name: entry } : entry;
  const { guard = false } = given;
  const { parameters } = aggregators[given.name!];
  const techniques = resolvedTechniques(given.techniques, common);
  return {
    name: given.name!,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, of]) => [key, Number(given[key] ?? of.default)]),
    ),
    metric: given.metric ?? 'euclidean',
    smoothing: given.smoothing ?? 0,
    zeroGroups: given.zeroGroups ?? standard,
    guard: guard === false ? null : guard === true ? 0 : guard,
    ...(Object.keys(techniques).length > 0 && { techniques }),
  };
}

/**
 * "cagrad c=0.4", "grain preconditioned smoothing=0.9": the name and the settings that are not the default. Two aggregations of one
 * config have the same label only if they are the same.
 *
 * @param standard the policy of the config for groups without gradient
 * @param common the techniques of all entries
 */
export function aggregationLabel(
  {
    name,
    parameters,
    metric,
    smoothing,
    zeroGroups: policy,
    guard,
    techniques,
  }: AggregationSettings,
  standard: ZeroGroupPolicy,
  common?: WrittenTechniques,
): string {
  const usual = aggregators[name].parameters;
  const changed = Object.entries(parameters).filter(
    ([key, value]) => value !== usual[key]?.default,
  );
  return [
    name,
    ...(metric === 'euclidean' ? [] : [metric]),
    ...changed.map(([key, value]) => `${key}=${value}`),
    ...(smoothing === 0 ? [] : [`smoothing=${smoothing}`]),
    ...(policy === standard ? [] : [`zeroGroups=${policy}`]),
    ...(guard === null ? [] : [guard === 0 ? 'guard' : `guard=${guard}`]),
    ...techniquesLabel(techniques ?? {}, common),
  ].join(' ');
}
