import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceSampler } from '../../../src/training/deviceSampler.ts';

test('a sample has the share of the cores that this process used, and what the device says', async () => {
  const memory = { used: 3, total: 8 };
  const sampler = new DeviceSampler({ usage: async () => ({ memory, utilization: 0.5 }) }, 50);
  assert.equal(sampler.next(), undefined);
  await sleep(0);
  work(60);
  assert.equal(sampler.next(), undefined, 'no step waits for a sample');
  await sleep(0);
  const { processor, ...rest } = sampler.next()!;
  assert.deepEqual(rest, { memory, utilization: 0.5 });
  assert.ok(processor > 0 && processor <= 1, `${processor}`);
  assert.equal(sampler.next(), undefined, 'a sample is of one step');
});

test('processor time of the device’s own process counts', async () => {
  let seconds = 1000;
  const sampler = new DeviceSampler({ usage: async () => ({ processorSeconds: seconds }) }, 20);
  sampler.next();
  await sleep(30);
  seconds += 1000;
  sampler.next();
  await sleep(0);
  assert.deepEqual(sampler.next(), { processor: 1 });
});

test('one sample at a time, and none of a device that has ended', async () => {
  let asked = 0;
  const usage = async () => {
    asked++;
    await sleep(20);
    throw new Error('ended');
  };
  const sampler = new DeviceSampler({ usage }, 0);
  sampler.next();
  sampler.next();
  assert.equal(asked, 1);
  await sleep(40);
  assert.equal(sampler.next(), undefined);
  assert.equal(asked, 2);
});

/** Keeps a core busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
