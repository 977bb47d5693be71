/**
 * Checks Parquet's metadata, which are written in Thrift's compact protocol
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md): every field has the type that
 * `parquet.thrift` gives it, and ends within the bytes. The library takes what it finds.
 */

/** What a value must be; fields of structs by their number, others than these may be anything. */
type Shape =
  | 'boolean'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'binary'
  | { readonly fields: Readonly<Record<number, Shape>> }
  | { readonly of: Shape };

const struct = (fields: Readonly<Record<number, Shape>> = {}): Shape => ({ fields });
const list = (of: Shape): Shape => ({ of });
/** The same shape for the first fields. */
const first = (count: number, shape: Shape) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [i + 1, shape]));

const statistics = struct({
  ...{ 1: 'binary', 2: 'binary', 3: 'i64', 4: 'i64', 5: 'binary', 6: 'binary', 7: 'boolean' },
  8: 'boolean',
});
const pairs = list(struct({ 1: 'binary', 2: 'binary' }));
const columnMetadata = struct({
  ...{ 1: 'i32', 2: list('i32'), 3: list('binary'), 4: 'i32', 5: 'i64', 6: 'i64', 7: 'i64' },
  ...{
    8: pairs,
    9: 'i64',
    10: 'i64',
    11: 'i64',
    12: statistics,
    13: list(struct(first(3, 'i32'))),
  },
  ...{ 14: 'i64', 15: 'i32' },
});
const columnChunk = struct({
  ...{ 1: 'binary', 2: 'i64', 3: columnMetadata, 4: 'i64', 5: 'i32', 6: 'i64', 7: 'i32' },
});
const rowGroup = struct({ 1: list(columnChunk), 2: 'i64', 3: 'i64', 5: 'i64', 6: 'i64', 7: 'i16' });
const schemaElement = struct({ ...first(9, 'i32'), 4: 'binary', 10: struct() });

export const fileMetadata = struct({
  ...{ 1: 'i32', 2: list(schemaElement), 3: 'i64', 4: list(rowGroup), 5: pairs, 6: 'binary' },
  7: list(struct({ 1: struct() })),
});

export const pageHeader = struct({
  ...first(4, 'i32'),
  5: struct({ ...first(4, 'i32'), 5: statistics }),
  6: struct(),
  7: struct({ 1: 'i32', 2: 'i32', 3: 'boolean' }),
  8: struct({ ...first(6, 'i32'), 7: 'boolean', 8: statistics }),
});

/** Types of fields; those of booleans are their values. */
const [TRUE, FALSE, BYTE, I16, I32, I64] = [1, 2, 3, 4, 5, 6];
const [DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [7, 8, 9, 10, 11, 12];
const types = { boolean: [TRUE, FALSE], i16: [I16], i32: [I32], i64: [I64], binary: [BINARY] };

/** Deeper nesting is taken for damage. */
const MAX_DEPTH = 64;

/** @returns where the struct ends. @throws Error if it is not of the shape, or ends beyond the bytes */
export function checkThrift(bytes: Uint8Array, at: number, shape: Shape): number {
  const walker = new Walker(bytes, at);
  walker.value(STRUCT, shape, 0);
  return walker.at;
}

class Walker {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  value(type: number, shape: Shape | undefined, depth: number): void {
    if (depth > MAX_DEPTH || (shape !== undefined && !fits(type, shape))) throw damaged();
    if (type === BYTE) this.#skip(1);
    else if (type === DOUBLE) this.#skip(8);
    else if (type === I16 || type === I32) this.#integer(5);
    else if (type === I64) this.#integer(10);
    else if (type === BINARY) this.#skip(this.#integer(5));
    else if (type === LIST || type === SET) this.#list(shape, depth);
    else if (type === MAP) this.#map(depth);
    else if (type === STRUCT) this.#struct(shape, depth);
    else if (type !== TRUE && type !== FALSE) throw damaged();
  }

  #struct(shape: Shape | undefined, depth: number): void {
    const fields = typeof shape === 'object' && 'fields' in shape ? shape.fields : {};
    for (let field = 0; ; ) {
      const byte = this.#byte();
      const type = byte & 15;
      if (type === 0) return;
      const delta = byte >> 4;
      field = delta === 0 ? zigzag(this.#integer(5)) : field + delta;
      this.value(type, fields[field], depth + 1);
    }
  }

  #list(shape: Shape | undefined, depth: number): void {
    const byte = this.#byte();
    const type = byte & 15;
    const size = byte >> 4 === 15 ? this.#integer(5) : byte >> 4;
    const of = typeof shape === 'object' && 'of' in shape ? shape.of : undefined;
    // An element takes at least a byte.
    if (size > this.#bytes.length) throw damaged();
    if (size === 0 && of !== undefined && !fits(type, of)) throw damaged();
    for (let i = 0; i < size; i++) this.#element(type, of, depth);
  }

  #map(depth: number): void {
    const size = this.#integer(5);
    if (size > this.#bytes.length) throw damaged();
    const byte = size === 0 ? 0 : this.#byte();
    for (let i = 0; i < size; i++) {
      this.#element(byte >> 4, undefined, depth);
      this.#element(byte & 15, undefined, depth);
    }
  }

  /** Within lists a boolean is a byte. */
  #element(type: number, shape: Shape | undefined, depth: number): void {
    if (type === TRUE || type === FALSE) this.#skip(1);
    else this.value(type, shape, depth + 1);
  }

  /** An unsigned integer of at most so many bytes; large ones are rounded. */
  #integer(most: number): number {
    let value = 0;
    for (let i = 0; i < most; i++) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw damaged();
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw damaged();
    return byte;
  }

  #skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.#bytes.length) throw damaged();
  }
}

function fits(type: number, shape: Shape): boolean {
  if (typeof shape === 'string') return (types[shape] as readonly number[]).includes(type);
  return type === ('fields' in shape ? STRUCT : LIST);
}

const zigzag = (n: number) => (n % 2 === 0 ? n / 2 : -(n + 1) / 2);

const damaged = () => new Error('damaged metadata');
