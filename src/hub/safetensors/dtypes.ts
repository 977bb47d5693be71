/** A number format (dtype) of safetensors. Files are little-endian, as are typed arrays on every platform supported here. */
export interface DType {
  /** Bytes of one number. */
  readonly bytes: number;
  /**
   * @param stored numbers in this format, aligned to their size
   * @param values receives as many float32 numbers
   */
  decode(stored: ArrayBuffer, values: Float32Array): void;
}

/** A format that a typed array of JavaScript reads; numbers are rounded to float32. */
function native(
  View: { new (stored: ArrayBuffer): ArrayLike<number> } & { readonly BYTES_PER_ELEMENT: number },
): DType {
  return {
    bytes: View.BYTES_PER_ELEMENT,
    decode: (stored, values) => values.set(new View(stored)),
  };
}

/** 64-bit integers; numbers are rounded to float32. */
function int64(View: typeof BigInt64Array | typeof BigUint64Array): DType {
  return {
    bytes: 8,
    decode(stored, values) {
      const integers = new View(stored);
      for (let i = 0; i < values.length; i++) values[i] = Number(integers[i]);
    },
  };
}

/**
 * A 16-bit float format; float32 holds each of its numbers exactly.
 * @param toFloat32Bits maps the bits of a stored number to those of the float32
 */
function half(toFloat32Bits: (stored: number) => number): DType {
  return {
    bytes: 2,
    decode(stored, values) {
      const halves = new Uint16Array(stored);
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      for (let i = 0; i < bits.length; i++) bits[i] = toFloat32Bits(halves[i]!);
    },
  };
}

/** The upper half of a float32. */
const bfloat16 = half((stored) => stored << 16);

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits. */
const float16 = half((stored) => {
  const sign = (stored & 0x8000) << 16;
  const exponent = (stored >> 10) & 0x1f;
  const fraction = stored & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A subnormal number, fraction · 2⁻²⁴, is normal in float32: its highest set bit becomes the implicit one.
  const highest = 31 - Math.clz32(fraction);
  return sign | ((highest + 103) << 23) | ((fraction << (23 - highest)) & 0x7fffff);
});

/** By the name in a file's header. */
export const dtypes: ReadonlyMap<string, DType> = new Map([
  ['F64', native(Float64Array)],
  ['F32', native(Float32Array)],
  ['F16', float16],
  ['BF16', bfloat16],
  ['I64', int64(BigInt64Array)],
  ['I32', native(Int32Array)],
  ['I16', native(Int16Array)],
  ['I8', native(Int8Array)],
  ['U64', int64(BigUint64Array)],
  ['U32', native(Uint32Array)],
  ['U16', native(Uint16Array)],
  ['U8', native(Uint8Array)],
  ['BOOL', native(Uint8Array)],
]);
