import type { AggregatorDescription } from './aggregators/description.ts';
import { aggregatorNamed } from './aggregators/registry.ts';
import type { AggregatorChoice, AggregatorName } from './types.ts';

/** A choice with all defaults filled in. */
export interface ResolvedChoice {
  readonly description: AggregatorDescription;
  readonly parameters: Readonly<Record<string, number>>;
  readonly smoothing: number;
}

/** @throws RangeError for an aggregator or parameter that does not exist, or a value out of range */
export function resolveChoice(choice: AggregatorName | AggregatorChoice): ResolvedChoice {
  const asked: AggregatorChoice = typeof choice === 'string' ? { name: choice } : choice;
  const description = aggregatorNamed(asked.name);
  const smoothing = asked.smoothing ?? 0;
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new RangeError(`smoothing is ${smoothing}; expected a number from 0 to below 1`);
  }
  return { description, parameters: parametersOf(description, asked.parameters ?? {}), smoothing };
}

function parametersOf(
  { name, parameters: known }: AggregatorDescription,
  given: Readonly<Record<string, number>>,
): Record<string, number> {
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(known, key)) continue;
    const names = Object.keys(known).join(', ') || 'none';
    throw new RangeError(`${name} has no parameter "${key}"; known: ${names}`);
  }
  return Object.fromEntries(
    Object.entries(known).map(([key, { default: standard, min, max, belowMax }]) => {
      const value = given[key] ?? standard;
      if (!(value >= min && (belowMax ? value < max : value <= max))) {
        const range = `from ${min} to ${belowMax ? 'below ' : ''}${max}`;
        throw new RangeError(`${name}’s parameter ${key} is ${value}; expected a number ${range}`);
      }
      return [key, value];
    }),
  );
}
