import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { trainerOf } from '../training/trainerOf.ts';

/** Eight images of 6 × 6 pixels, by a formula. */
const PIXELS = 36;
const names = Array.from({ length: PIXELS }, (_, i) => `p${i}`);
const rows = Array.from({ length: 8 }, (_, row) =>
  [...names.map((_, i) => Math.sin(i * (row + 1)).toFixed(3)), row % 2 ? 'odd' : 'even'].join(),
);

const configFor = (device: string) => `
data: { train: images.csv, validation: images.csv, target: label, image: [6, 6, 1] }
model: { architecture: cnn, filters: [4] }
groups: { by: microbatch, count: 2 }
aggregate: [grain]
optimizer: { name: adamw, learningRate: 0.05 }
batchSize: 8
steps: 4
device: ${device}
`;

test('convolutions use the filters that a step changed, on wasm as on cpu', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-convolutions-'));
  try {
    writeFileSync(
      path.join(folder, 'images.csv'),
      [[...names, 'label'].join(), ...rows].join('\n'),
    );
    const losses: number[][] = [];
    for (const device of ['cpu', 'wasm']) {
      const { trainer, close } = await trainerOf(folder, configFor(device), 'grain');
      const steps: number[] = [];
      for (let step = 1; step <= 4; step++) {
        steps.push(...(await trainer.step(step)).facts.losses.map(Number));
      }
      losses.push(steps);
      await close();
    }
    losses[0]!.forEach((loss, i) => {
      assert.ok(Math.abs(loss - losses[1]![i]!) < 1e-3, `${losses}`);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
