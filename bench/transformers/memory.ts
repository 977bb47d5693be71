import { max } from 'simple-statistics';
import { table } from '../../src/experiment/markdown.ts';
import type { Answer } from './protocol.ts';
import { spread, startTraining } from './turns.ts';
import { type Comparison, configOf } from './variants.ts';

/** A comparison of variants, each in this many processes. */
export interface MemoryComparison extends Omit<Comparison, 'turns'> {
  readonly times: number;
}

/** The first step allocates moments; the second reuses the memory that the first freed. */
const STEPS = 3;

/** Resident memory depends on when garbage was collected, so each variant runs several times. @returns a table */
export async function measureMemory(comparisons: readonly MemoryComparison[]): Promise<string> {
  const rows: (readonly string[])[] = [];
  for (const comparison of comparisons) rows.push(...(await rowsOf(comparison)));
  return table([['training', 'variant', 'MiB', 'over the first', 'of it tensors'], ...rows], 2);
}

async function rowsOf({ title, task, variants, times }: MemoryComparison): Promise<string[][]> {
  const named = `${title}, ${task.data}`;
  const measured: Answer[][] = variants.map(() => []);
  for (let time = 0; time < times; time++) {
    for (const [i, variant] of variants.entries()) {
      const answer = await afterSteps(configOf(task, variant));
      measured[i]!.push(answer);
      console.log(`  ${named}, ${variant.title}: ${answer.memory.toFixed(0)} MiB`);
    }
  }
  return measured.map((answers, i) => {
    const ratios = answers.map(({ memory }, time) => memory / measured[0]![time]!.memory);
    return [
      i === 0 ? named : '',
      variants[i]!.title,
      spread(
        answers.map(({ memory }) => memory),
        (memory) => memory.toFixed(0),
      ),
      spread(ratios, (value) => value.toFixed(2)),
      `${max(answers.map(({ tensors = 0 }) => tensors)).toFixed(0)} MiB`,
    ];
  });
}

async function afterSteps(config: object): Promise<Answer> {
  const peer = await startTraining({ config });
  try {
    return await peer.ask({ steps: STEPS });
  } finally {
    peer.close();
  }
}
