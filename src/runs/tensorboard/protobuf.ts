/** Protocol buffers on the wire: a message is a list of fields, each with its number, its wire type and its value. */

/** Wire types. */
export const [VARINT, FIXED64, LENGTH_DELIMITED, FIXED32] = [0, 1, 2, 5] as const;

/** The bytes of a field; of a varint as they are on the wire. */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly bytes: Buffer;
}

export function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

export function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first. @param value whole, not negative */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

/** The fields of a message in their order. @throws RangeError if it is not one */
export function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const key = varintAt(message, at);
    const number = Math.floor(numberOf(key) / 8);
    const wireType = numberOf(key) % 8;
    at += key.length;
    const [skipped, length] = extentOf(message, at, wireType);
    if (number === 0 || at + skipped + length > message.length) {
      throw new RangeError('a field is longer than its message');
    }
    yield { number, wireType, bytes: message.subarray(at + skipped, at + skipped + length) };
    at += skipped + length;
  }
}

/** Of a varint, as a signed 64-bit integer. */
export function numberOf(bytes: Buffer): number {
  let value = 0n;
  bytes.forEach((byte, i) => {
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
  });
  return Number(BigInt.asIntN(64, value));
}

/** Bytes before the value, and of the value. */
function extentOf(message: Buffer, at: number, wireType: number): readonly [number, number] {
  switch (wireType) {
    case VARINT:
      return [0, varintAt(message, at).length];
    case FIXED64:
      return [0, 8];
    case LENGTH_DELIMITED: {
      const length = varintAt(message, at);
      return [length.length, numberOf(length)];
    }
    case FIXED32:
      return [0, 4];
    default:
      throw new RangeError(`there is no wire type ${wireType}`);
  }
}

function varintAt(message: Buffer, at: number): Buffer {
  let end = at;
  while (end < message.length && message[end]! >= 0x80) end++;
  if (end >= message.length || end - at >= 10) throw new RangeError('a number does not end');
  return message.subarray(at, end + 1);
}
