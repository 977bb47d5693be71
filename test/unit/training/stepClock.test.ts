import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { GroupGradient } from '../../../src/training/gradients.ts';
import { StepClock } from '../../../src/training/stepClock.ts';

/** Timers are late, never early; by how much depends on what else the machine does. */
function assertTook(ms: number, expected: number): void {
  assert.ok(ms >= expected - 3 && ms < expected + 60, `${ms} ms, not ${expected}`);
}

test('what is done with gradients between the making of them is time for aggregation', async () => {
  const clock = new StepClock();
  const source = clock.watch({
    kind: 'separate',
    groups: (async function* () {
      for (let i = 0; i < 3; i++) {
        await setTimeout(20);
        yield {} as GroupGradient;
      }
    })(),
  });
  assert.ok(source.kind === 'separate');
  for await (const _ of source.groups) await setTimeout(50);
  clock.aggregated();
  await setTimeout(30);
  const { gradients, aggregate, update } = clock.read();
  assertTook(gradients, 60);
  assertTook(aggregate, 150);
  assertTook(update, 30);
});

test('so is what is done with them on the way back, and after the pass', async () => {
  const clock = new StepClock();
  const source = clock.watch({
    kind: 'grouped',
    async run(sink) {
      for (let layer = 0; layer < 3; layer++) {
        await setTimeout(20);
        await sink.settle();
      }
      return [];
    },
  });
  assert.ok(source.kind === 'grouped');
  await source.run({ add: () => {}, settle: () => setTimeout(50) });
  await setTimeout(40);
  clock.aggregated();
  const { gradients, aggregate } = clock.read();
  assertTook(gradients, 60);
  assertTook(aggregate, 190);
});
