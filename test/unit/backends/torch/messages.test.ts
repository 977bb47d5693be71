import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import {
  encodeFrame,
  FrameDecoder,
  FrameError,
  type Message,
} from '../../../../src/backends/torch/frames.ts';
import { calls, PROTOCOL } from '../../../../src/backends/torch/messages.ts';
import { python } from '../../../python/python.ts';

const message: Message = {
  kind: 'gradients',
  text: 'größer',
  nothing: null,
  bytes: { shape: [3], values: Uint8Array.of(0, 137, 255) },
  ids: { shape: [2, 3], values: Int32Array.of(1, -2, 3, 4, 5, 2 ** 31 - 1) },
  losses: { shape: [3], values: Float32Array.of(0.1, Number.NaN, Number.NEGATIVE_INFINITY) },
  gram: { shape: [1, 1], values: Float64Array.of(1 / 3) },
  none: { shape: [0, 4], values: new Float32Array() },
};
const bytesOf = (of: Message) => Buffer.concat(encodeFrame(of));

describe('frames', () => {
  test('are the same after any division into chunks', () => {
    const all = Buffer.concat([bytesOf(message), bytesOf({ kind: 'alive' }), bytesOf(message)]);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 8 }), (cuts) => {
        const decoder = new FrameDecoder();
        const bounds = [0, ...cuts.sort((a, b) => a - b), all.length];
        const read = bounds
          .slice(1)
          .flatMap((end, i) => decoder.push(all.subarray(bounds[i], end)));
        assert.deepEqual(read, [message, { kind: 'alive' }, message]);
      }),
    );
  });

  test('that describe other bytes than they have are errors', () => {
    const bytes = bytesOf(message);
    bytes.writeUInt32LE(bytes.length - 4 - 8, 0);
    assert.throws(() => new FrameDecoder().push(bytes), FrameError);
    assert.throws(() =>
      new FrameDecoder().push(Buffer.alloc(12, 0x41).fill(8, 0, 1).fill(0, 1, 4)),
    );
  });
});

describe('the Python side', () => {
  let peer: { protocol: number; fields: Record<string, string[]>; echo: string };
  before(async () => {
    peer = JSON.parse(await python('messages_peer.py', [bytesOf(message).toString('hex')]));
  });

  test('has the same protocol: version, requests and their fields', () => {
    const fields = Object.entries(calls).map(([kind, { request }]) => [
      kind,
      Object.keys(request.shape).sort(),
    ]);
    assert.equal(peer.protocol, PROTOCOL);
    assert.deepEqual(peer.fields, Object.fromEntries(fields));
  });

  test('reads and writes the same frames', () => {
    assert.deepEqual(new FrameDecoder().push(Buffer.from(peer.echo, 'hex')), [message]);
  });
});
