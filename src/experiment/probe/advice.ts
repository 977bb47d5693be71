/**
 * The rules of `grain probe`: a short list, the first that fits decides. Where its thresholds come from and how often the advice
 * was right: docs/probe.md, measured by bench/probe.ts.
 */
import { hasLastingGroups } from '../../runs/manifest.ts';
import type { Advice, Advised, GroupFigures, Probe, RunFigures } from './result.ts';

/** What the rules look at. */
export interface Found extends Pick<Probe, 'figures' | 'groups' | 'doubtful'> {
  readonly task: string;
}

/** Where the rules draw their lines. */
export interface Thresholds {
  /** Fewer steps than these say nothing. */
  readonly fewestSteps: number;
  /** From this share of groups that the mean conflicts with on, lasting groups are in conflict. */
  readonly conflict: number;
  /** A group is doubtful if its say is at most this, of 1 that an equal say would be … */
  readonly littleSay: number;
  /** … and its loss at least this many times that of the others. */
  readonly highLoss: number;
}

export const measuredThresholds: Thresholds = {
  fewestSteps: 20,
  conflict: 0.25,
  littleSay: 0.9,
  highLoss: 1.75,
};

export interface Rule {
  readonly when: (thresholds: Thresholds) => string;
  readonly fits: (found: Found, thresholds: Thresholds) => boolean;
  readonly advice: Readonly<Record<Advised, Advice>>;
  /** What was seen and what follows, in one or two sentences. */
  readonly verdict: (found: Found) => string;
}

export const rules: readonly Rule[] = [
  {
    when: ({ fewestSteps }) => `fewer than ${fewestSteps} steps with several groups`,
    fits: ({ figures }, { fewestSteps }) => figures.steps < fewestSteps,
    advice: all('cannot tell'),
    verdict: ({ figures }) =>
      `Cannot tell: ${Math.round(figures.steps)} steps with gradients of several groups are too few.`,
  },
  {
    when: ({ littleSay, highLoss }) =>
      `in every seed, a lasting group has a say of at most ${littleSay} and a loss of at least ${highLoss} × that of the others`,
    fits: ({ doubtful }) => doubtful.length > 0,
    advice: { grain: 'worth trying', 'grain-normalized': 'worth trying', upgrad: 'expect no gain' },
    verdict: ({ doubtful }) =>
      `The loss of ${doubtful.join(', ')} stays high while the shortest vector gives it little say: look at its examples. grain and grain-normalized are worth trying, as they silence such a group.`,
  },
  {
    when: () => 'regression',
    fits: ({ task }) => task === 'regression',
    advice: all('expect no gain'),
    verdict: () =>
      'Expect no gain: in the regressions that were measured, other aggregators gained little or nothing.',
  },
  {
    when: () => 'any other task than classification',
    fits: ({ task }) => task !== 'classification',
    advice: all('cannot tell'),
    verdict: ({ task }) => `Cannot tell: no ${task} was measured.`,
  },
  {
    when: ({ conflict }) =>
      `groups last, and the mean conflicts with at least ${formatShare(conflict)} of them`,
    fits: ({ figures, groups }, { conflict }) =>
      hasLastingGroups({ groups }) && figures.meanConflicts >= conflict,
    advice: {
      grain: 'expect a loss',
      'grain-normalized': 'expect no gain',
      upgrad: 'worth trying',
    },
    verdict: ({ figures }) =>
      `The mean conflicts with ${formatShare(figures.meanConflicts)} of the groups, the same ones in every step: upgrad is worth trying. Not grain: the group that is fitted first can stall it.`,
  },
  {
    when: () => 'groups last',
    fits: ({ groups }) => hasLastingGroups({ groups }),
    advice: all('expect no gain'),
    verdict: ({ figures }) =>
      `Expect no gain: the mean conflicts with only ${formatShare(figures.meanConflicts)} of the groups, and none of them stands out.`,
  },
  {
    when: () => 'groups are parts of a batch',
    fits: () => true,
    advice: {
      grain: 'expect no gain',
      'grain-normalized': 'expect no gain',
      upgrad: 'worth trying',
    },
    verdict: ({ figures }) =>
      `The groups are parts of a batch, of which the mean conflicts with ${formatShare(figures.meanConflicts)}: expect no gain from grain and grain-normalized. upgrad is worth trying; expect a small gain at most.`,
  },
];

/** The first rule that fits. */
export function ruleFor(found: Found, thresholds = measuredThresholds): Rule {
  return rules.find(({ fits }) => fits(found, thresholds))!;
}

/** Names of the groups that are doubtful in every run. */
export function doubtfulOf(
  runs: readonly Pick<RunFigures, 'groups'>[],
  { littleSay, highLoss }: Thresholds,
): string[] {
  const isDoubtful = ({ say, lossRatio }: GroupFigures) =>
    say <= littleSay && lossRatio !== null && lossRatio >= highLoss;
  const [first, ...others] = runs.map(({ groups }) =>
    groups.filter(isDoubtful).map(({ name }) => name),
  );
  return first!.filter((name) => others.every((names) => names.includes(name)));
}

function all(advice: Advice): Record<Advised, Advice> {
  return { grain: advice, 'grain-normalized': advice, upgrad: advice };
}

/** "13 %". */
export function formatShare(share: number): string {
  return `${Math.round(100 * share)} %`;
}
