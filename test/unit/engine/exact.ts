/** Every float64 is an integer times 2⁻¹⁰⁷⁴; with these integers sums and products have no rounding at all. */
const SCALE = 1074n;

const view = new DataView(new ArrayBuffer(8));

function integer(x: number): bigint {
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n === 0n ? magnitude : -magnitude;
}

/** The number integer·2^−exponent, rounded. */
function rounded(integer: bigint, exponent: bigint): number {
  const sign = integer < 0n ? -1 : 1;
  const magnitude = integer < 0n ? -integer : integer;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 64));
  let value = Number(magnitude >> excess);
  for (let power = Number(excess - exponent); power !== 0; ) {
    const step = Math.max(-1000, Math.min(1000, power));
    value *= 2 ** step;
    power -= step;
  }
  return sign * value;
}

/** wᵀHw, (Hw)ᵢ and wᵀHw − minᵢ (Hw)ᵢ, for the weights as they are, without any rounding but the last. */
export function exactCertificate(
  gram: Float64Array,
  weights: Float64Array,
): { norm2: number; gap: number; inner: number[] } {
  const k = weights.length;
  const carriers = [...weights.keys()].filter((i) => weights[i] !== 0);
  const w = carriers.map((i) => integer(weights[i]!));
  const inner = Array.from(weights, (_, i) =>
    carriers.reduce((sum, j, at) => sum + w[at]! * integer(gram[i * k + j]!), 0n),
  );
  const norm2 = carriers.reduce((sum, i, at) => sum + w[at]! * inner[i]!, 0n);
  const [least] = [...inner].sort((a, b) => (a < b ? -1 : 1));
  return {
    norm2: rounded(norm2, 3n * SCALE),
    gap: rounded(norm2 - (least! << SCALE), 3n * SCALE),
    inner: inner.map((r) => rounded(r, 2n * SCALE)),
  };
}
