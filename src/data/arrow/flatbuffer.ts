const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A table of FlatBuffers (https://flatbuffers.dev/internals), in which Arrow writes its metadata. Fields are numbered as in Arrow's
 * `Message.fbs`, `Schema.fbs` and `File.fbs`. What leads out of the bytes is an error: flechette would read zeros there.
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldsEnd: number;
  readonly #end: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
    this.#fields = at - FlatTable.#read(view, at, 4, 'getInt32');
    const size = FlatTable.#read(view, this.#fields, 2, 'getUint16');
    this.#fieldsEnd = this.#fields + size;
    this.#end = at + FlatTable.#read(view, this.#fields + 2, 2, 'getUint16');
    const isWhole = size >= 4 && size % 2 === 0 && this.#end >= at + 4;
    if (!isWhole || this.#fieldsEnd > view.byteLength || this.#end > view.byteLength) {
      throw new Error('damaged metadata');
    }
    // Also of the fields that nobody reads: damage is seldom alone.
    for (let entry = this.#fields + 4; entry < this.#fieldsEnd; entry += 2) {
      if (at + view.getUint16(entry, true) >= this.#end) throw new Error('damaged metadata');
    }
  }

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, FlatTable.#read(view, 0, 4, 'getUint32'));
  }

  int8(field: number, otherwise = 0): number {
    return this.#scalar(field, 1, 'getInt8', otherwise);
  }

  int16(field: number, otherwise = 0): number {
    return this.#scalar(field, 2, 'getInt16', otherwise);
  }

  int32(field: number, otherwise = 0): number {
    return this.#scalar(field, 4, 'getInt32', otherwise);
  }

  int64(field: number): number {
    const at = this.#position(field, 8);
    return at === null ? 0 : FlatTable.#int64(this.#view, at);
  }

  table(field: number): FlatTable | null {
    const at = this.#target(field);
    return at === null ? null : new FlatTable(this.#view, at);
  }

  text(field: number): string | null {
    const at = this.#target(field);
    if (at === null) return null;
    const length = FlatTable.#read(this.#view, at, 4, 'getUint32');
    const end = FlatTable.#read(this.#view, at + 4 + length, 1, 'getUint8');
    if (end !== 0) throw new Error('damaged metadata');
    return utf8.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 4, length));
  }

  tables(field: number): FlatTable[] {
    return this.#elements(field, 4).map(
      (at) => new FlatTable(this.#view, at + FlatTable.#read(this.#view, at, 4, 'getUint32')),
    );
  }

  /** Checks pairs of texts, which are not used. */
  checkPairs(field: number): void {
    for (const pair of this.tables(field)) {
      pair.text(0);
      pair.text(1);
    }
  }

  /** Vector of structs of 64-bit integers. @param width integers in each */
  int64s(field: number, width: number): number[][] {
    return this.#elements(field, 8 * width).map((at) =>
      Array.from({ length: width }, (_, i) => FlatTable.#int64(this.#view, at + 8 * i)),
    );
  }

  /** Where the elements of a vector are. */
  #elements(field: number, size: number): number[] {
    const at = this.#target(field);
    if (at === null) return [];
    const length = FlatTable.#read(this.#view, at, 4, 'getUint32');
    if (length * size > this.#view.byteLength) throw new Error('damaged metadata');
    const places = Array.from({ length }, (_, i) => at + 4 + size * i);
    if (length > 0) FlatTable.#read(this.#view, places.at(-1)! + size - 1, 1, 'getUint8');
    return places;
  }

  #scalar(field: number, size: number, read: Reading, otherwise: number): number {
    const at = this.#position(field, size);
    return at === null ? otherwise : FlatTable.#read(this.#view, at, size, read);
  }

  /** What a field refers to; null if it is missing. */
  #target(field: number): number | null {
    const at = this.#position(field, 4);
    return at === null ? null : at + FlatTable.#read(this.#view, at, 4, 'getUint32');
  }

  #position(field: number, size: number): number | null {
    const entry = this.#fields + 4 + 2 * field;
    if (entry >= this.#fieldsEnd) return null;
    const offset = FlatTable.#read(this.#view, entry, 2, 'getUint16');
    if (offset === 0) return null;
    if (this.#at + offset + size > this.#end) throw new Error('damaged metadata');
    return this.#at + offset;
  }

  static #read(view: DataView, at: number, size: number, read: Reading): number {
    if (at < 0 || at + size > view.byteLength || at % size !== 0) {
      throw new Error('damaged metadata');
    }
    return view[read](at, true);
  }

  static #int64(view: DataView, at: number): number {
    if (at < 0 || at + 8 > view.byteLength || at % 8 !== 0) throw new Error('damaged metadata');
    const value = Number(view.getBigInt64(at, true));
    if (Number.isSafeInteger(value)) return value;
    throw new Error(`damaged metadata: ${value}`);
  }
}

type Reading = 'getInt8' | 'getUint8' | 'getInt16' | 'getUint16' | 'getInt32' | 'getUint32';
