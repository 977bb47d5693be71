/** What is made to fail: a small network on 14×14 images of five digits, with something wrong in its data or its optimizer. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AlarmCode } from '../../src/config/alarms.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { cache } from '../peers/venv.ts';
import { type DigitsTask, digitsFiles } from '../probe/digits.ts';

export interface FailingSetting {
  readonly name: string;
  /** What is wrong with the runs. */
  readonly title: string;
  /** Number of seeds, if not that of the others. */
  readonly seeds?: number;
  /** True: of these runs only those that failed where their siblings did not. */
  readonly alone?: true;
  /** Rules that are to find it. */
  readonly detects: readonly AlarmCode[];
  /** Whether a run of bench/guarantee.ts fails in the same way. */
  isLogged?(run: RunSummary): boolean;
  /** Such a run with a manifest that is false; null if that would not be wrong. */
  claim?(run: RunSummary): RunSummary | null;
  /** Paths are absolute; null if nothing is trained for it. */
  config(): (Record<string, unknown> & { aggregate: readonly unknown[] }) | null;
}

interface Task extends Partial<DigitsTask> {
  /** What else is wrong with the training data. */
  readonly spoil?: (csv: string) => string;
}

export const five = [5, 6, 7, 8, 9];
export const of = (each: number) => five.map(() => each);
const clean: DigitsTask = { classes: five, counts: of(20), sources: 1, noise: [] };

export function folderOf({ name }: { readonly name: string }): string {
  return path.join(cache, 'alarms', name);
}

export function digits(
  name: string,
  title: string,
  detects: readonly AlarmCode[],
  task: Task,
  { data, ...changes }: Record<string, unknown> & { readonly aggregate: readonly unknown[] },
): FailingSetting {
  const config = () => ({
    name,
    task: 'classification',
    model: { architecture: 'mlp', hidden: [32] },
    data: { ...filesOf(name, task), target: 'label', ...(data as object) },
    groups: { by: 'microbatch', count: 8 },
    optimizer: { name: 'adamw', learningRate: 3e-3, warmup: 0.1, decay: 'linear' },
    batchSize: 40,
    steps: 200,
    evaluateEvery: 50,
    checkpointEvery: 200,
    device: 'wasm',
    ...changes,
  });
  return { name, title, detects, config };
}

/** Made on first use. */
function filesOf(name: string, { spoil, ...task }: Task): { train: string; validation: string } {
  const folder = folderOf({ name });
  const [train, validation] = [path.join(folder, 'train.csv'), path.join(folder, 'validation.csv')];
  if (!existsSync(validation)) {
    const files = digitsFiles({ ...clean, ...task });
    mkdirSync(folder, { recursive: true });
    writeFileSync(train, spoil ? spoil(files.train) : files.train);
    writeFileSync(validation, files.validation);
  }
  return { train, validation };
}
