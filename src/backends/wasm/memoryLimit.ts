/** Environment variable: MiB that tensors may take on the backend `wasm`. */
const VARIABLE = 'GRAIN_MEMORY';
/** tfjs and the kernels' scratch need some of it. */
const LEAST = 32;
/** What WebAssembly's addresses reach. */
const MOST = 4096;

/** Bytes; no limit is higher. */
export const LARGEST_LIMIT = MOST * 2 ** 20;

/** Bytes that tensors may take. */
export function memoryLimit(): number {
  return Number(process.env[VARIABLE] ?? MOST) * 2 ** 20;
}

/** What is wrong with the limit that was asked for; null if nothing is. */
export function limitProblem(): string | null {
  const asked = process.env[VARIABLE];
  if (asked === undefined) return null;
  if (/^\d+$/.test(asked) && Number(asked) >= LEAST && Number(asked) <= MOST) return null;
  return `the environment variable ${VARIABLE} is ${JSON.stringify(asked)}; expected a whole number of MiB, ${LEAST} to ${MOST}`;
}
