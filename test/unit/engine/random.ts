import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal, by Box & Muller. */
  normal(): number;
}

export function random(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

/** k rows of d standard normal numbers. */
export function normalRows(k: number, d: number, { normal }: Random): Float64Array[] {
  return Array.from({ length: k }, () => Float64Array.from({ length: d }, normal));
}
