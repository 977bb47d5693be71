/**
 * Messages on a pipe: length-prefixed, a JSON header and the bytes of its arrays; python/grain_backend/frames.py is the other side.
 *
 *     uint32 bytes after this number | uint32 bytes of the header | header, UTF-8 JSON | arrays, one after another
 *
 * All numbers are little-endian. The header's `arrays` lists name, dtype and shape of each array, in order.
 */
import * as z from 'zod';

/** Numbers of any shape. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array | Int32Array | Float32Array | Float64Array;
}

/** A message: JSON, with arrays among its fields. */
export type Message = Readonly<Record<string, unknown>>;

const types = {
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
type Dtype = keyof typeof types;

const headerSchema = z.looseObject({
  arrays: z.array(
    z.object({
      name: z.string(),
      dtype: z.enum(['uint8', 'int32', 'float32', 'float64']),
      shape: z.array(z.int().min(0)),
    }),
  ),
});

/** Bytes that are not a message. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** A message as it is written: in parts, so that arrays are not copied. */
export function encodeFrame(message: Message): Uint8Array[] {
  const fields = Object.entries(message);
  const arrays = fields.flatMap(([name, value]) => (isArray(value) ? [{ name, ...value }] : []));
  const header = {
    ...Object.fromEntries(fields.filter(([, value]) => !isArray(value))),
    arrays: arrays.map(({ name, shape, values }) => ({ name, dtype: dtypeOf(values), shape })),
  };
  const text = Buffer.from(JSON.stringify(header));
  const bodies = arrays.map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  const prefix = Buffer.alloc(8);
  const size = bodies.reduce((sum, { byteLength }) => sum + byteLength, 4 + text.length);
  prefix.writeUInt32LE(size, 0);
  prefix.writeUInt32LE(text.length, 4);
  return [prefix, text, ...bodies];
}

/** Puts the chunks of a stream together to messages. */
export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #size = 0;

  /** @returns the messages that the chunk completes @throws FrameError */
  push(chunk: Uint8Array): Message[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Message[] = [];
    for (;;) {
      if (this.#size < 4) return messages;
      const length = this.#peekLength();
      if (this.#size < 4 + length) return messages;
      const all = Buffer.concat(this.#chunks);
      messages.push(decodeBody(all.subarray(4, 4 + length)));
      this.#chunks = [all.subarray(4 + length)];
      this.#size -= 4 + length;
    }
  }

  #peekLength(): number {
    const [first] = this.#chunks;
    if (first!.length < 4) this.#chunks = [Buffer.concat(this.#chunks)];
    const { buffer, byteOffset } = this.#chunks[0]!;
    return new DataView(buffer, byteOffset, 4).getUint32(0, true);
  }
}

function decodeBody(body: Buffer): Message {
  const end = 4 + body.readUInt32LE(0);
  const parsed = headerSchema.safeParse(jsonOf(body.toString('utf8', 4, end)));
  if (!parsed.success) throw new FrameError('a message has no valid header');
  const { arrays, ...message } = parsed.data;
  let at = end;
  for (const { name, dtype, shape } of arrays) {
    const count = shape.reduce((product, length) => product * length, 1);
    const bytes = count * types[dtype].BYTES_PER_ELEMENT;
    // A copy, because the bytes of a message are not aligned.
    const copy = Uint8Array.from(body.subarray(at, at + bytes));
    message[name] = { shape, values: new types[dtype](copy.buffer) } satisfies NumberArray;
    at += bytes;
  }
  if (at === body.length) return message;
  throw new FrameError(`a message has ${body.length} bytes, but describes ${at}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isArray(value: unknown): value is NumberArray {
  return (
    typeof value === 'object' &&
    value !== null &&
    'values' in value &&
    ArrayBuffer.isView(value.values)
  );
}

function dtypeOf(values: NumberArray['values']): Dtype {
  if (values instanceof Uint8Array) return 'uint8';
  if (values instanceof Int32Array) return 'int32';
  return values instanceof Float32Array ? 'float32' : 'float64';
}
