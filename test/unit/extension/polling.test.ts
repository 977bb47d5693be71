import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { Polling } from '../../../src/extension/workspace/polling.ts';

/** A file, and what was read of it; reading takes until `finish` is called. */
class Reading {
  onDisk = 1;
  known = 0;
  isActive = false;
  count = 0;
  finish = () => {};
  readonly polling = new Polling({
    read: async () => {
      this.count++;
      const then = this.onDisk;
      await new Promise<void>((resolve) => {
        this.finish = resolve;
      });
      this.known = then;
    },
    isActive: () => this.isActive,
  });

  async tick(milliseconds: number): Promise<void> {
    mock.timers.tick(milliseconds);
    this.finish();
    await settled();
  }
}

let reading: Reading;

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  reading = new Reading();
  void reading.polling.refresh();
  await reading.tick(0);
  assert.equal(reading.known, 1);
});

afterEach(() => mock.timers.reset());

test('a change while files are read is read as well', async () => {
  void reading.polling.refresh();
  reading.onDisk = 2;
  reading.polling.changed();
  await reading.tick(0);
  assert.equal(reading.known, 1);
  await reading.tick(100);
  assert.equal(reading.known, 2);
});

test('the last change of what was active until now is read as well', async () => {
  reading.isActive = true;
  void reading.polling.refresh();
  reading.polling.changed();
  reading.isActive = false;
  reading.onDisk = 2;
  await reading.tick(0);
  await reading.tick(100);
  assert.equal(reading.known, 2);
});

test('changes without end do not put the reading off', async () => {
  for (let i = 0; i < 5; i++) {
    reading.onDisk++;
    reading.polling.changed();
    await reading.tick(40);
  }
  assert.ok(reading.known > 1, `${reading.known}`);
});

test('what is at rest is not read again', async () => {
  await reading.tick(10_000);
  assert.equal(reading.count, 1);
});

test('what is active is read twice a second, and so is what is expected', async () => {
  const expecting = reading.polling.expect();
  for (let i = 0; i < 4; i++) await reading.tick(500);
  assert.equal(reading.count, 5);
  expecting.dispose();
  await reading.tick(500);
  await reading.tick(10_000);
  assert.equal(reading.count, 6);
});
