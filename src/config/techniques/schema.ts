/** The key `techniques` of a config and of an entry of `aggregate`, from the descriptions of the registry. */
import * as z from 'zod';
import type { Techniques } from '../../engine/types.ts';
import { numberOf } from '../numberSchema.ts';
import type { Technique } from './description.ts';
import { type TechniqueName, techniques } from './registry.ts';

const all: [string, Technique][] = Object.entries(techniques);

export type WrittenTechniques = {
  readonly [N in TechniqueName]?: Readonly<Record<string, number>>;
};

/** @param purpose what the key is for, where it stands */
export function techniquesSchema(purpose: string) {
  return z
    .strictObject(Object.fromEntries(all.map(([name, of]) => [name, schemaOf(of).optional()])))
    .describe(
      `${purpose} [Techniques](techniques.md) beside aggregation, such as \`{ labelSmoothing: { epsilon: 0.1 }, ema: {} }\`.`,
    )
    .optional() as unknown as z.ZodOptional<z.ZodType<WrittenTechniques>>;
}

function schemaOf({ title, parameters }: Technique) {
  const schema = parameters
    ? z.strictObject(
        Object.fromEntries(Object.entries(parameters).map(([key, of]) => [key, numberOf(of)])),
      )
    : z.record(z.string(), z.number().positive()).meta({ title: '{ class: weight, … }' });
  return schema.describe(`${title}.`);
}

/** What an entry uses: its own techniques and those of the whole config, of which its own settings come first. */
export function resolvedTechniques(
  own: WrittenTechniques = {},
  common: WrittenTechniques = {},
): Techniques {
  // In the order of the registry, so that equal settings are written alike.
  const merged = { ...common, ...own };
  return Object.fromEntries(
    all.flatMap(([name]) => {
      const parameters = merged[name as TechniqueName];
      return parameters ? [[name, parameters] as const] : [];
    }),
  );
}

/** "labelSmoothing", "swa start=0.5": those that the rest of the config does not have, and their settings that are not the default. */
export function techniquesLabel(of: Techniques, common: WrittenTechniques = {}): string[] {
  return Object.entries(of).flatMap(([name, parameters]) => {
    const usual = (techniques[name as TechniqueName] as Technique).parameters;
    if (JSON.stringify(common[name as TechniqueName]) === JSON.stringify(parameters)) return [];
    const changed = Object.entries(parameters).filter(
      ([key, value]) => value !== usual?.[key]?.default,
    );
    return [name, ...changed.map(([key, value]) => `${key}=${value}`)];
  });
}
