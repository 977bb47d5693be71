/** Tables of pages that are made from registries. */
import type { AggregatorParameter } from '../src/engine/aggregators/description.ts';

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

/** After an empty line; nothing without parameters. */
export function parameterTable(
  parameters: Readonly<Record<string, AggregatorParameter>>,
): string[] {
  const all = Object.entries(parameters);
  if (all.length === 0) return [];
  return [
    '',
    ...markdownTable(
      ['parameter', 'value', 'default', 'meaning'],
      all.map(([name, parameter]) => [
        `\`${name}\``,
        range(parameter),
        `\`${parameter.default}\``,
        parameter.description,
      ]),
    ),
  ];
}

function range({ min, max, belowMax }: AggregatorParameter): string {
  if (min === -Number.MAX_VALUE) return 'any number';
  if (max === Number.MAX_VALUE || max === Number.MAX_SAFE_INTEGER) return `at least ${min}`;
  return `from ${min} to ${belowMax ? 'below ' : ''}${max}`;
}
