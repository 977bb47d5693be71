/** The methods compared, as entries of a config's `aggregate`. */
export interface Method {
  readonly name: string;
  readonly entry: string | Readonly<Record<string, unknown>>;
}

export const methods: readonly Method[] = [
  { name: 'mean', entry: 'mean' },
  { name: 'grain', entry: 'grain' },
  { name: 'grain-normalized', entry: 'grain-normalized' },
  { name: 'upgrad', entry: 'upgrad' },
  { name: 'mean-norm-matched', entry: 'mean-norm-matched' },
  { name: 'grain, preconditioned', entry: { name: 'grain', metric: 'preconditioned' } },
  { name: 'mean, guarded', entry: { name: 'mean', guard: true } },
  { name: 'grain, guarded', entry: { name: 'grain', guard: true } },
  { name: 'grain-normalized, guarded', entry: { name: 'grain-normalized', guard: true } },
  { name: 'grain-layerwise', entry: 'grain-layerwise' },
  { name: 'grain-streaming', entry: 'grain-streaming' },
  { name: 'mean, guarded with slack 0.1', entry: { name: 'mean', guard: 0.1 } },
];
