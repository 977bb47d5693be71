import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mean, median } from 'simple-statistics';
import { diagnoseStep } from '../../../src/engine/diagnoseStep.ts';
import { unpackGram } from '../../../src/engine/gram.ts';
import type { AggregatorName } from '../../../src/engine/types.ts';
import type { StepEvent } from '../../../src/runs/events.ts';
import { factsOf } from '../../../src/runs/facts.ts';
import { exactCertificate } from '../engine/exact.ts';
import { trainerOf } from './trainerOf.ts';

/**
 * The collapse that docs/guarantee.md describes: groups by label, one class fitted long before the others. Its gradient is so
 * short that the shortest vector in the hull is hardly longer, and the other classes wait.
 */

const STEPS = 300;

const folder = mkdtempSync(path.join(tmpdir(), 'grain-fitted-'));
writeFileSync(path.join(folder, 'spirals.csv'), examples());
after(() => rmSync(folder, { recursive: true }));

/** Two interleaved arms of a spiral, and a third class far away from both. */
function examples(): string {
  const rows = Array.from({ length: 90 }, (_, i) => {
    if (i % 3 === 2) return `${(8 + Math.sin(i)).toFixed(4)},${Math.cos(i).toFixed(4)},apart`;
    const along = 0.5 + i / 30;
    const angle = 1.2 * along + (i % 3) * Math.PI;
    const [x, y] = [along * Math.cos(angle), along * Math.sin(angle)];
    return `${x.toFixed(4)},${y.toFixed(4)},${i % 3 === 0 ? 'one arm' : 'other arm'}`;
  });
  return `x,y,class\n${rows.join('\n')}\n`;
}

async function stepsOf(aggregator: AggregatorName, optimizer: string): Promise<StepEvent[]> {
  const config = `model: { hidden: [16] }
data: { train: spirals.csv, validation: spirals.csv, target: class }
groups: { by: label }
optimizer: ${optimizer}
batchSize: 45
steps: ${STEPS}
device: cpu`;
  const { trainer, close } = await trainerOf(folder, config, aggregator);
  try {
    const steps: StepEvent[] = [];
    for (let step = 1; step <= STEPS; step++) {
      steps.push({ kind: 'step', at: 0, ...(await trainer.step(step)).facts });
    }
    return steps;
  } finally {
    await close();
  }
}

const adamw = '{ name: adamw, learningRate: 0.02 }';
const sgd = '{ name: sgd, learningRate: 0.02 }';

/** Of the last 100 steps: the mean loss over the groups, the medians of ‖d‖/‖ḡ‖ and of the largest weight. */
function endOf(steps: readonly StepEvent[]) {
  const last = steps.slice(-100);
  return {
    loss: mean(last.map(({ losses }) => mean(losses.map(Number)))),
    lengthRatio: median(last.map((step) => diagnoseStep(factsOf(step)).normRatio!)),
    largestWeight: median(last.map(({ weights }) => Math.max(...weights!))),
  };
}

describe('a class that is fitted first, with groups by label', () => {
  let mixed: StepEvent[];
  let stalled: StepEvent[];
  before(async () => {
    mixed = await stepsOf('mean', adamw);
    stalled = await stepsOf('grain', adamw);
  });

  test('takes all the weight of the shortest vector, and training stalls', () => {
    const { loss, lengthRatio, largestWeight } = endOf(stalled);
    assert.ok(loss > 20 * endOf(mixed).loss, `loss ${loss}, the mean's ${endOf(mixed).loss}`);
    assert.ok(largestWeight > 0.99, `largest weight ${largestWeight}`);
    assert.ok(lengthRatio < 0.01, `‖d‖/‖ḡ‖ ${lengthRatio}`);
    assert.ok(Math.min(...stalled.at(-1)!.losses.map(Number)) < 0.01);
  });

  test('does so under sgd too: AdamW is not the cause', async () => {
    const { lengthRatio, largestWeight } = endOf(await stepsOf('grain', sgd));
    assert.ok(largestWeight > 0.95, `largest weight ${largestWeight}`);
    assert.ok(lengthRatio < 0.05, `‖d‖/‖ḡ‖ ${lengthRatio}`);
  });

  test('although the weights are right: the duality gap without rounding proves it in every step', () => {
    for (const { step, gram, weights } of stalled) {
      const { norm2, gap } = exactCertificate(unpackGram(gram!, 3), Float64Array.from(weights!));
      assert.ok(gap <= 1e-9 * norm2, `step ${step}: gap ${gap} of ${norm2}`);
    }
  });

  test('does not stall grain-normalized, which compares directions', async () => {
    const { loss, lengthRatio } = endOf(await stepsOf('grain-normalized', adamw));
    assert.ok(loss < 0.1 * endOf(stalled).loss, `loss ${loss}`);
    assert.ok(lengthRatio > 0.2, `‖d‖/‖ḡ‖ ${lengthRatio}`);
  });
});
