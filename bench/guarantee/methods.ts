/** The methods compared, as entries of a config's `aggregate`. */
export interface Method {
  readonly name: string;
  readonly entry: string | Readonly<Record<string, unknown>>;
  /** Number of micro-batches instead of the setting's; where a setting has groups of another kind, the method is left out. */
  readonly microbatches?: number;
}

export const methods: readonly Method[] = [
  { name: 'mean', entry: 'mean' },
  { name: 'grain', entry: 'grain' },
  { name: 'grain-normalized', entry: 'grain-normalized' },
  { name: 'upgrad', entry: 'upgrad' },
  { name: 'mean, guarded', entry: { name: 'mean', guard: true } },
  { name: 'mean-norm-matched', entry: 'mean-norm-matched' },
  { name: 'grain, preconditioned', entry: { name: 'grain', metric: 'preconditioned' } },
  { name: 'mean, guarded with slack 0.1', entry: { name: 'mean', guard: 0.1 } },
  { name: 'grain, smoothing 0.9', entry: { name: 'grain', smoothing: 0.9 } },
  { name: 'grain, 4 groups', entry: 'grain', microbatches: 4 },
  { name: 'grain, 2 groups', entry: 'grain', microbatches: 2 },
  { name: 'grain, guarded', entry: { name: 'grain', guard: true } },
  {
    name: 'grain, preconditioned, guarded',
    entry: { name: 'grain', metric: 'preconditioned', guard: true },
  },
  { name: 'grain-normalized, guarded', entry: { name: 'grain-normalized', guard: true } },
  { name: 'grain-layerwise', entry: 'grain-layerwise' },
  { name: 'grain-streaming', entry: 'grain-streaming' },
];
