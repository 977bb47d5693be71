/**
 * Kinds of numbers that a safetensors file stores, by the name it has for them. Files and typed arrays are both
 * little-endian: Node runs on no other machine that trains.
 */
export interface ElementType {
  /** Bytes of one number. */
  readonly bytes: number;
  /** @param stored whole numbers of this kind, aligned to their size @param values where they go, as many */
  decode(stored: ArrayBuffer, values: Float32Array): void;
}

/** A kind whose numbers JavaScript reads by itself; what float32 cannot hold is rounded. */
function native(
  View: { new (stored: ArrayBuffer): ArrayLike<number> } & { readonly BYTES_PER_ELEMENT: number },
): ElementType {
  return {
    bytes: View.BYTES_PER_ELEMENT,
    decode: (stored, values) => values.set(new View(stored)),
  };
}

/** A kind of 64-bit integers; what float32 cannot hold is rounded. */
function wide(View: typeof BigInt64Array | typeof BigUint64Array): ElementType {
  return {
    bytes: 8,
    decode(stored, values) {
      const integers = new View(stored);
      for (let i = 0; i < values.length; i++) values[i] = Number(integers[i]);
    },
  };
}

/** A 16-bit kind of floats, every one of which is a float32: whose bits they are is all there is to say. */
function half(bitsOf: (stored: number) => number): ElementType {
  return {
    bytes: 2,
    decode(stored, values) {
      const halves = new Uint16Array(stored);
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      for (let i = 0; i < bits.length; i++) bits[i] = bitsOf(halves[i]!);
    },
  };
}

/** The upper half of a float32. */
const bfloat16 = half((stored) => stored << 16);

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
const float16 = half((stored) => {
  const sign = (stored & 0x8000) << 16;
  const exponent = (stored >> 10) & 0x1f;
  const fraction = stored & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A subnormal number, fraction · 2⁻²⁴, is a normal one in float32: its highest bit becomes the hidden one.
  const highest = 31 - Math.clz32(fraction);
  return sign | ((highest + 103) << 23) | ((fraction << (23 - highest)) & 0x7fffff);
});

export const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ['F64', native(Float64Array)],
  ['F32', native(Float32Array)],
  ['F16', float16],
  ['BF16', bfloat16],
  ['I64', wide(BigInt64Array)],
  ['I32', native(Int32Array)],
  ['I16', native(Int16Array)],
  ['I8', native(Int8Array)],
  ['U64', wide(BigUint64Array)],
  ['U32', native(Uint32Array)],
  ['U16', native(Uint16Array)],
  ['U8', native(Uint8Array)],
  ['BOOL', native(Uint8Array)],
]);
