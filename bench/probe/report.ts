import { table } from '../../src/experiment/markdown.ts';
import { ruleFor, rules, type Thresholds } from '../../src/experiment/probe/advice.ts';
import { adviceOn } from '../../src/experiment/probe/probe.ts';
import { type Advised, advisedAggregators } from '../../src/experiment/probe/result.ts';
import {
  type Adviser,
  advantage,
  advisedBy,
  always,
  chosenOn,
  type HitRate,
  hitRate,
  isRight,
} from './hits.ts';
import type { Outcome } from './outcome.ts';

/** The rules, in their order. */
export function rulesTable(thresholds: Thresholds): string {
  const rows = rules.map(({ when, advice }, i) => [
    `${i + 1}`,
    when(thresholds),
    ...advisedAggregators.map((name) => advice[name]),
  ]);
  return table([['', 'if', ...advisedAggregators], ...rows], 5);
}

/** A row a setting: what the probe said, and what came of each aggregator. Wrong advice is in italics. */
export function settingsTable(outcomes: readonly Outcome[], thresholds: Thresholds): string {
  const adviser = advisedBy(thresholds);
  const rows = outcomes.map((outcome) => {
    const { setting, experiment, probed, mean } = outcome;
    const probe = adviceOn(experiment, probed, thresholds);
    return [
      setting.title,
      setting.use,
      `${rules.indexOf(ruleFor(probe, thresholds)) + 1}`,
      `${outcome.seeds}`,
      mean.toFixed(3),
      ...advisedAggregators.map((name) => cell(outcome, name, adviser)),
    ];
  });
  const header = ['setting', 'used to', 'rule', 'seeds', 'mean', ...advisedAggregators];
  return table([header, ...rows], 2);
}

function cell(outcome: Outcome, aggregator: Advised, adviser: Adviser): string {
  const { difference, truth } = outcome.against[aggregator];
  const mark = { gain: ' ▲', loss: ' ▼', 'no difference shown': '' }[truth];
  const tried = adviser(outcome, aggregator) ? 'try' : 'no';
  const advice = isRight(adviser, outcome, aggregator) ? tried : `*${tried}*`;
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(3)}${mark}, ${advice}`;
}

/** How often each way of advising is right. */
export function hitTable(outcomes: readonly Outcome[], thresholds: Thresholds): string {
  const fit = outcomes.filter(({ setting }) => setting.use === 'fit');
  const heldOut = outcomes.filter(({ setting }) => setting.use === 'held out');
  const probe = advisedBy(thresholds);
  const withoutIt = (outcome: Outcome) =>
    advisedBy(chosenOn(outcomes.filter((other) => other !== outcome)));
  const rows: [string, HitRate][] = [
    ['probe, settings that its thresholds were chosen on', hitRate(fit, () => probe)],
    ['**probe, held-out settings**', hitRate(heldOut, () => probe)],
    ['probe, thresholds chosen on all settings but the one', hitRate(outcomes, withoutIt)],
    [
      'always grain-normalized, held-out settings',
      hitRate(heldOut, () => always('grain-normalized')),
    ],
    ['always upgrad, held-out settings', hitRate(heldOut, () => always('upgrad'))],
    ['never anything, held-out settings', hitRate(heldOut, () => always())],
    ['always all three, held-out settings', hitRate(heldOut, () => always(...advisedAggregators))],
  ];
  const header = [
    'advice',
    'settings',
    'right (95 %)',
    'tried',
    'gained',
    'lost',
    'gains there were',
  ];
  return table([header, ...rows.map(([name, rate]) => [name, ...hitCells(rate)])], 1);
}

/** What the figures say of the probe beside advice that needs none. */
export function conclusion(outcomes: readonly Outcome[], thresholds: Thresholds): string {
  const heldOut = outcomes.filter(({ setting }) => setting.use === 'held out');
  const probe = advisedBy(thresholds);
  const against = ([name, adviser]: readonly [string, Adviser]) => {
    const { difference, interval } = advantage(heldOut, probe, adviser);
    const isShown = interval !== null && (interval.low > 0 || interval.high < 0);
    const range = interval && `95 %: ${signed(interval.low)} … ${signed(interval.high)}`;
    const facts = [range, isShown ? 'a difference' : 'no difference shown'].filter(Boolean);
    return `${signed(difference)} percentage points beside ${name} (${facts.join('; ')})`;
  };
  const others: [string, Adviser][] = [
    ['always trying upgrad', always('upgrad')],
    ['always trying grain-normalized', always('grain-normalized')],
    ['never trying anything', always()],
  ];
  return `On held-out settings the share of right advice was ${others.map(against).join(', ')}.`;
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(Math.round(100 * share))}`;
}

function hitCells({ settings, rate, interval, tried, gains }: HitRate): string[] {
  const range = interval ? ` (${percent(interval.low)} … ${percent(interval.high)})` : '';
  return [
    `${settings}`,
    `${percent(rate)}${range}`,
    `${tried.count}`,
    `${tried.gained}`,
    `${tried.lost}`,
    `${gains}`,
  ];
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
