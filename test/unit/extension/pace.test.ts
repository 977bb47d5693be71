import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../../src/extension/pace.ts';

test('the pace is that of the last minute, and not known at first', () => {
  const pace = new Pace();
  pace.add(0, 0);
  pace.add(1_000, 4);
  assert.equal(pace.perSecond, null, 'one second shows too little');
  pace.add(10_000, 40);
  assert.equal(pace.perSecond, 4);
  assert.equal(pace.timeFor(80), 20_000);
  // It slows down: what was faster than a minute ago no longer counts.
  for (let at = 20_000; at <= 80_000; at += 10_000) pace.add(at, 40 + (at - 10_000) / 1_000);
  assert.equal(pace.perSecond, 1);
});

test('while nothing goes on, no time is promised; a run that starts anew has a new pace', () => {
  const pace = new Pace();
  pace.add(0, 100);
  pace.add(30_000, 100);
  assert.equal(pace.timeFor(10), null);
  pace.add(31_000, 0);
  pace.add(41_000, 10);
  assert.equal(pace.perSecond, 1);
});
