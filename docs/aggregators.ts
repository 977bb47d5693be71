/** The page docs/aggregators.md: the text of docs/aggregators.head.md, then a section per aggregator from the registry. */
import { readFileSync } from 'node:fs';
import type { AggregatorDescription, Properties } from '../src/engine/aggregators/description.ts';
import { regimesOf } from '../src/engine/aggregators/regimes.ts';
import { aggregators } from '../src/engine/aggregators/registry.ts';
import { markdownTable, parameterTable } from './tables.ts';

const head = new URL('./aggregators.head.md', import.meta.url);

const decided: Record<AggregatorDescription['decidedBy'], string> = {
  gram: 'the Gram matrix of the step',
  'block-grams': 'the Gram matrix of each parameter block',
  arrival:
    'the gradients, one after another; the length and weights of d are known, but not which groups it conflicts with',
  coordinates: 'single coordinates of the gradients; d is not a weighted sum',
};

const meanings: Record<keyof Properties, [short: string, meaning: string]> = {
  nonConflicting: ['no conflict', '⟨d, gᵢ⟩ ≥ 0 for every group, up to rounding'],
  minimumNorm: ['shortest', 'd is the shortest vector in the convex hull (of each block)'],
  convex: ['convex', 'the weights are ≥ 0 and add up to 1 (in each block)'],
  permutationEquivariant: ['any order', 'd does not depend on the order of the groups'],
  scaleEquivariant: ['scales', 'multiplying all gradients by c > 0 multiplies d by c'],
  linearUnderScaling: ['linear', 'd(c₁g₁, …, c_kg_k) is linear in c > 0'],
  stronglyStationary: ['strong', 'd = 0 only where a positive combination of all gradients is 0'],
};

const properties = Object.keys(meanings) as (keyof Properties)[];

export function aggregatorsPage(): string {
  const all = Object.values(aggregators);
  return [
    readFileSync(head, 'utf8'),
    ...markdownTable(
      ['aggregator', ...properties.map((property) => meanings[property][0])],
      all.map((one) => [
        `[\`${one.name}\`](#${one.name})`,
        ...properties.map((property) => (one.properties[property] ? '✓' : '')),
      ]),
    ),
    '',
    ...markdownTable(
      ['property', 'means'],
      properties.map((property) => meanings[property]),
    ),
    ...all.flatMap(section),
    '',
  ].join('\n');
}

function section(of: AggregatorDescription): string[] {
  return [
    '',
    `## ${of.name}`,
    '',
    `${of.title}.`,
    '',
    `- Guarantee: ${of.guarantee}`,
    `- Decided by ${decided[of.decidedBy]}.`,
    `- A zero gradient ${of.takesZeroGroups ? 'is a group like any other' : 'is handled as `zeroGroups` says'}.`,
    `- Reference: ${of.reference}`,
    ...measured(of),
    ...parameterTable(of.parameters),
  ];
}

/** Where it won and lost against the mean. */
function measured({ name }: AggregatorDescription): string[] {
  const regimes = regimesOf(name);
  if (regimes.length === 0) return [];
  return [
    '',
    ...markdownTable(
      ['measured with AdamW', 'seeds', 'result', 'mean', 'difference'],
      regimes.map(({ title, seeds, metric, value, mean, difference, p }) => [
        title,
        String(seeds),
        `${metric} ${value}`,
        String(mean),
        `${difference}, ${p}`,
      ]),
    ),
  ];
}
