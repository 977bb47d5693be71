import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeLeft } from '../../../src/cli/progress/timeLeft.ts';
import { manifestOf } from '../runs/manifest.ts';

test('time left is that of all runs, at the pace so far', () => {
  const runs = ['a', 'b', 'c'].map((id) => ({
    manifest: manifestOf(id, { steps: 100 }),
    folder: id,
    warnings: [],
  }));
  const [first, second, third] = runs;
  let now = 5000;
  const left = new TimeLeft(runs, () => now);
  assert.equal(left.after(first!, 0), null);
  for (let step = 0; step < 50; step++) left.step();
  now += 25_000;
  assert.equal(left.rate, 2);
  assert.deepEqual([left.placeOf(second!), left.after(first!, 50)], ['2/3', '2:05']);
  assert.equal(left.after(third!, 100), '0:00');
  const slow = new TimeLeft(runs, () => now);
  slow.step();
  now += 3_723_000 / 299;
  assert.equal(slow.after(first!, 1), '1:02:03');
});
