/** What a paper says of how an experiment was made and judged. */
import { gridPath } from '../../config/schema.ts';
import { formatList } from '../../runs/format.ts';
import { sourceNames } from '../crossedFindings.ts';
import { LEAST_TO_PERMUTE } from '../statistics/permutation.ts';
import { counted, nameWithin, significant } from '../wording.ts';
import type { FullReport } from './fullReport.ts';

/** A paragraph, from the experiment's own settings and numbers. */
export function methodsSentence({ findings, setting, overExamples }: FullReport): string {
  const { methods, comparisons, validation, metric } = findings;
  const points = new Set(methods.flatMap(({ point }) => point ?? []));
  const seeds = [...new Set(findings.runs.map(({ seed }) => seed))].length;
  const tests = comparisons.flatMap(({ means, spread, failures }) =>
    [means, spread, failures].filter((it) => it && it.p !== null),
  ).length;
  const pairs = Math.min(...comparisons.map((it) => it.pairs));
  const over = validation ? ` over ${counted(validation.examples, 'validation example')}` : '';
  const named = [...new Set(methods.map(({ method, point }) => nameWithin(point, method)))];
  const grid = points.size > 0 ? ` at each of ${counted(points.size, 'point')} of a grid` : '';
  return [
    `We fine-tuned with ${formatList(named)}, ${counted(seeds, 'seed')} each${crossedIn(findings)}${grid}, for ${counted(setting.steps, 'step')}${trainingOf(setting)}, and report ${metric} at the last validation${over}; runs that diverged or ended no better than a constant prediction count as failures.`,
    'Intervals are 95 %: Student’s t for means, the jackknife of its logarithm for a standard deviation (Miller, 1968), the inverted permutation test for a ratio of two, Wilson’s for rates.',
    ...(comparisons.length === 0
      ? []
      : [
          `Methods are compared on the same seeds${points.size > 0 ? ' and at the same point' : ''}: means by paired t tests${pairs >= LEAST_TO_PERMUTE ? ' confirmed by sign-flip permutation' : ''}, spreads by ${pairs >= LEAST_TO_PERMUTE ? 'paired permutation of |x − median|' : 'Brown and Forsythe’s test'}, failures by Fisher’s exact test, with Holm’s correction over ${counted(tests, 'test')}.`,
        ]),
    ...(overExamples.length === 0
      ? []
      : [
          'Uncertainty over seeds and examples together is that of the multi-bootstrap (Sellam et al., 2022).',
        ]),
    `${softwareOf(setting)}Device: ${setting.devices.join('; ')}.`,
  ].join(' ');
}

/** " (initialization and order of the examples crossed)". */
function crossedIn({ crossed }: FullReport['findings']): string {
  const [first] = crossed;
  if (!first) return '';
  return ` (${formatList(first.sources.map(({ source }) => sourceNames[source]))} crossed)`;
}

/** " with adamw (learning rate 0.001, batch size 40)", as far as another trainer's config says it. */
function trainingOf({ config, learningRates }: FullReport['setting']): string {
  const { optimizer, batchSize, tune, grid } = config;
  const varied = typeof grid === 'object' && grid !== null ? Object.entries(grid) : [];
  const varies = (key: string) => varied.some(([name]) => gridPath(name) === key);
  const settings = typeof optimizer === 'object' && optimizer !== null ? optimizer : {};
  const { name, learningRate } = settings as { name?: unknown; learningRate?: unknown };
  const each = Object.entries(learningRates).map(
    ([method, rate]) => `${method} ${significant(rate)}`,
  );
  const rates =
    tune === undefined
      ? `learning rate ${significant(Number(learningRate))}`
      : `learning rates tuned over the same grid on seeds of their own: ${each.join(', ')}`;
  const parts = [
    ...(typeof learningRate === 'number' && !varies('optimizer.learningRate') ? [rates] : []),
    ...(typeof batchSize === 'number' && !varies('batchSize') ? [`batch size ${batchSize}`] : []),
    ...varied.map(([key, values]) => `${key} ${[values].flat().join(', ')}`),
  ];
  const brackets = parts.length > 0 ? ` (${parts.join(', ')})` : '';
  return typeof name === 'string' ? ` with ${name}${brackets}` : brackets;
}

/** Another trainer may not name its versions. */
function softwareOf({ versions }: FullReport['setting']): string {
  const named = versions.filter((text) => text !== '');
  return named.length === 0 ? '' : `Software: ${named.join('; ')}. `;
}
