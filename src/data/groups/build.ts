import type { Data } from '../dataset.ts';
import { byLength } from './byLength.ts';
import { byValue } from './byValue.ts';
import type { Grouping } from './grouping.ts';
import { microbatch } from './microbatch.ts';
import { random } from './random.ts';

/** The `groups` part of a config. */
export interface GroupsConfig {
  /** microbatch, random, label, length or column:<name>. */
  readonly by: string;
  /** Groups a batch is split into, for those that are not made by values. */
  readonly count: number;
}

/** @param seed of the order of examples; `random` draws from it. */
export function buildGrouping({ by, count }: GroupsConfig, data: Data, seed: number): Grouping {
  switch (by) {
    case 'microbatch':
      return microbatch(count);
    case 'random':
      return random(count, seed);
    case 'label':
      return byValue({ names: data.classes, indices: Int32Array.from(data.train.targets) });
    case 'length':
      if (!data.train.lengths) throw new Error('groups by length, but the examples are no texts');
      return byLength(count, data.train.lengths);
    default:
      if (data.column === null) throw new Error(`groups by ${by}, but no column was read`);
      return byValue(data.column);
  }
}
