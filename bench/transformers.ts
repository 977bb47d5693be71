/**
 * Fine-tuning transformers on the processor: a step compared with PyTorch's (A), what GRAIN costs over training on the mean (B),
 * backward modes (C), memory (D), and cores (E). Sides take turns, each in its own process.
 * `node bench/transformers.ts [--only A|B|C|D|E]` needs the tests' Python (`npm run test:setup`) and reads RTE and GSM8K
 * from $GRAIN_DATA.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { circumstances, writeFigures } from './readme.ts';
import { besideTorch } from './transformers/besideTorch.ts';
import { type Checkpoints, checkpoints } from './transformers/checkpoints.ts';
import { measureMemory } from './transformers/memory.ts';
import { entailment, mathematics } from './transformers/tasks.ts';
import { compareVariants, type Variant } from './transformers/variants.ts';

const plain: Variant = { title: 'mean of one group', aggregate: 'mean', count: 1 };
const mean8: Variant = { title: 'mean of 8 groups', aggregate: 'mean', count: 8 };
const grain8: Variant = { title: 'grain, 8 groups', aggregate: 'grain', count: 8 };
const layerwise8: Variant = {
  title: 'grain-layerwise, 8 groups',
  aggregate: 'grain-layerwise',
  count: 8,
};

const cores = availableParallelism();
const few = { rounds: 5, steps: 2 };
const fewer = { rounds: 3, steps: 1 };

const parts: Readonly<Record<string, (checkpoints: Checkpoints) => Promise<string>>> = {
  A: besideTorch,
  B: (found) =>
    compareVariants([
      {
        title: 'MiniLM, LoRA',
        task: entailment(found, true),
        variants: [plain, mean8, grain8],
        turns: few,
      },
      {
        title: 'MiniLM, full',
        task: entailment(found, false),
        variants: [plain, mean8, layerwise8, grain8],
        turns: { rounds: 5, steps: 1 },
      },
      {
        title: 'SmolLM2-135M, LoRA',
        task: mathematics(found, true),
        variants: [plain, grain8],
        turns: fewer,
      },
    ]),
  C: (found) =>
    compareVariants([
      {
        title: 'MiniLM, LoRA',
        task: entailment(found, true),
        variants: [
          { ...grain8, title: 'grain, 8 groups, grouped' },
          { ...grain8, title: 'accumulate', backward: 'accumulate' },
          { ...grain8, title: 'grouped, checkpointing', checkpointing: true },
        ],
        turns: few,
      },
      {
        title: 'MiniLM, LoRA, similar lengths',
        task: entailment(found, true),
        variants: [
          { ...grain8, title: 'grain, 8 groups, grouped', batches: 'similar-length' },
          { ...grain8, title: 'accumulate', backward: 'accumulate', batches: 'similar-length' },
        ],
        turns: few,
      },
    ]),
  D: (found) =>
    measureMemory([
      { title: 'MiniLM, LoRA', task: entailment(found, true), variants: [plain, grain8], times: 5 },
      {
        title: 'SmolLM2-135M, LoRA',
        task: mathematics(found, true),
        variants: [plain, grain8],
        times: 3,
      },
      {
        title: 'SmolLM2-135M, full',
        task: mathematics(found, false),
        variants: [
          { ...layerwise8, title: 'grain-layerwise, 8 groups, checkpointing', checkpointing: true },
        ],
        times: 1,
      },
    ]),
  E: (found) =>
    compareVariants(
      [true, false].map((adapter) => ({
        title: adapter ? 'MiniLM, LoRA' : 'MiniLM, full',
        task: entailment(found, adapter),
        variants: [
          { ...grain8, title: 'one core', cores: 1 },
          { ...grain8, title: `${cores} cores`, cores },
        ],
        turns: fewer,
      })),
    ),
};

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const names = only ? [only] : Object.keys(parts);
if (names.some((name) => !parts[name]))
  throw new Error(`--only ${only}: expected one of ${Object.keys(parts).join(', ')}`);

const found = await checkpoints();
for (const name of names) {
  const figures = `${circumstances()}\n\n${await parts[name]!(found)}`;
  writeFigures(`transformers-${name}`, figures);
  console.log(figures);
}
