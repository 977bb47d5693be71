/** The ladder, fastest first: `auto` climbs down it until a rung holds. */
export const RUNGS = ['cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type Rung = (typeof RUNGS)[number];
