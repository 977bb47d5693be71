import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeLeft } from '../../../src/cli/progress/timeLeft.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import { manifestOf } from '../runs/manifest.ts';

const stepped = (step: number) => ({ kind: 'step', at: 0, step }) as RunEvent;

test('time left is that of all runs, at the pace so far, whichever are trained at the same time', () => {
  const runs = ['a', 'b', 'c'].map((id) => ({
    manifest: manifestOf(id, { steps: 100 }),
    folder: id,
  }));
  const [first, second, third] = runs as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
  let now = 5000;
  const left = new TimeLeft(runs, () => now);
  assert.equal(left.left, null);
  left.add(first, { kind: 'start', at: 0, pid: 1, fromStep: 0 });
  for (let step = 1; step <= 50; step++) left.add(first, stepped(step));
  now += 25_000;
  assert.equal(left.rate, 2);
  assert.deepEqual([left.placeOf(second), left.left], ['2/3', '2:05']);
  left.add(first, { kind: 'end', at: 0, step: 60, status: 'stopped' });
  left.add(second, { kind: 'start', at: 0, pid: 1, fromStep: 80 });
  assert.deepEqual([left.done, left.left], ['1/3 runs', '1:00']);
  left.add(second, { kind: 'end', at: 0, step: 100, status: 'finished' });
  left.add(third, { kind: 'end', at: 0, step: 100, status: 'finished' });
  assert.equal(left.left, '0:00');
  const slow = new TimeLeft(runs, () => now);
  slow.add(first, stepped(1));
  now += 3_723_000 / 299;
  assert.equal(slow.left, '1:02:03');
});
