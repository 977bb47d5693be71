import type { RunManifest } from '../../../src/runs/manifest.ts';

export function manifestOf(id: string, changes: Partial<RunManifest> = {}): RunManifest {
  const { aggregator = 'grain' } = changes;
  return {
    format: 1,
    id,
    experiment: { id: 'rings-1', name: 'rings' },
    createdAt: '2026-03-04T05:06:07.000Z',
    aggregator,
    aggregation: {
      name: aggregator,
      parameters: {},
      metric: 'euclidean',
      smoothing: 0,
      zeroGroups: 'drop',
      guard: null,
    },
    seed: { init: 0, order: 0 },
    steps: 10,
    task: 'classification',
    groups: { by: 'microbatch', names: ['#1', '#2'] },
    metric: { name: 'accuracy', better: 'higher' },
    configPath: 'grain.yaml',
    config: {},
    fingerprints: {},
    sources: {},
    device: { backend: 'cpu', name: 'JavaScript' },
    versions: {},
    ...changes,
  };
}
