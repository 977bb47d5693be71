import type { Labelling } from '../dataset.ts';
import type { Group, Grouping } from './grouping.ts';

/** One group per value (a class, an entry of a column) present in the batch. */
export function byValue(values: Labelling): Grouping {
  return { names: values.names, split: (_step, batch) => split(values, batch) };
}

function split({ names, indices }: Labelling, batch: Int32Array): Group[] {
  const members: number[][] = names.map(() => []);
  for (const example of batch) members[indices[example]!]!.push(example);
  return members.flatMap((examples, index) =>
    examples.length > 0 ? [{ index, examples: Int32Array.from(examples) }] : [],
  );
}
