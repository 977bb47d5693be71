import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paceText } from '../../../webview/pace.ts';

const columns = (last: readonly number[], secondsOf: (step: number) => number) => ({
  last: Float64Array.from(last),
  elapsed: Float64Array.from(last, (step) => 1000 * secondsOf(step)),
  lastStep: last.at(-1) ?? 0,
});
const steps = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('how fast a run trains now, and for how long', () => {
  const run = { status: 'running', step: 100, steps: 700 } as const;
  // Slow at first, then ten steps a second.
  const faster = columns(steps(100), (step) => (step < 50 ? step : 50 + (step - 50) / 10));
  assert.equal(paceText(run, faster), '10 steps/s · about 1 min 0 s left');
  const slow = columns(steps(100), (step) => 4 * step);
  assert.equal(paceText(run, slow), '4 s per step · about 40 min 0 s left');
});

test('nothing of a run that has ended, of a single step, and while earlier steps are looked at', () => {
  const run = { status: 'running', step: 100, steps: 700 } as const;
  const all = columns(steps(100), (step) => step);
  assert.equal(paceText({ ...run, status: 'finished' }, all), '');
  assert.equal(
    paceText(
      run,
      columns([1], () => 3),
    ),
    '',
  );
  assert.equal(
    paceText(
      run,
      columns([], () => 3),
    ),
    '',
  );
  assert.equal(paceText(run, { ...all, lastStep: 200 }), '');
});
