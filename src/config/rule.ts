import type { Finding, Path } from './diagnostic.ts';
import { type Config, configSchema } from './schema.ts';

/** Finds keys that contradict each other. @param isWritten whether a key is in the file, so that a finding can point there */
export type Rule = (config: Config, isWritten: (path: Path) => boolean) => Finding[];

/** A key that does nothing is a mistake only if it differs from its default: a config may write its defaults out. */
export const defaults = {
  optimizer: configSchema.shape.optimizer.parse(undefined),
  groups: configSchema.shape.groups.parse(undefined),
  model: configSchema.shape.model.parse(undefined),
  data: configSchema.shape.data.parse({ train: 'a.csv', validation: 'b.csv', target: 'c' }),
  batches: configSchema.shape.batches.parse(undefined),
};

/** A finding for each value that is not the first of its kind. */
export function repeated(values: readonly string[], path: Path, expected: string): Finding[] {
  return values.flatMap((value, index) => {
    const isFirst = values.indexOf(value) === index;
    return isFirst ? [] : [{ path: [...path, index], message: `${value} is repeated`, expected }];
  });
}
