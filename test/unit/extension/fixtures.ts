import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import type { AggregationSettings } from '../../../src/engine/types.ts';
import type { RunEvent, StepEvent } from '../../../src/runs/events.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import type { RunManifest, Seed } from '../../../src/runs/manifest.ts';
import { NO_NOTES } from '../../../src/runs/notes.ts';
import type { RunStatus } from '../../../src/runs/status.ts';
import type { RunSummary } from '../../../src/runs/store.ts';

interface Wanted {
  readonly experiment?: string;
  readonly aggregator?: string;
  readonly aggregation?: AggregationSettings<string>;
  readonly seed?: number | Seed;
  readonly status?: RunStatus;
  readonly createdAt?: string;
  readonly config?: RunManifest['config'];
  readonly step?: number;
  readonly validating?: number;
  readonly groups?: readonly string[];
  readonly lastMetric?: RunSummary['lastMetric'];
  readonly bestMetric?: number;
  readonly warned?: RunSummary['warned'];
  readonly changedAt?: number;
  readonly failure?: RunSummary['failure'];
  readonly alarms?: RunSummary['alarms'];
  readonly notes?: Partial<RunSummary['notes']>;
}

/** The run with a folder on disk, which the test file deletes at its end. */
export function stored(run: RunSummary): RunSummary {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-panel-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return { ...run, folder };
}

/** Adds events to the log of a stored run. */
export function log({ folder }: Pick<RunSummary, 'folder'>, ...events: RunEvent[]): void {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`);
  appendFileSync(runFile(folder, 'events'), lines.join(''));
}

/** A run as the store lists it. */
export function summary(wanted: Wanted = {}): RunSummary {
  const { experiment = 'e1', aggregator = 'grain', seed = 0, status = 'finished' } = wanted;
  const init = typeof seed === 'number' ? { init: seed, order: seed } : seed;
  const id = `${experiment}-${aggregator}-${init.init}-${init.order}`;
  const manifest: RunManifest = {
    format: 1,
    id,
    experiment: { id: experiment, name: 'digits' },
    createdAt: wanted.createdAt ?? '2026-03-04T05:06:07.000Z',
    aggregator,
    aggregation: wanted.aggregation ?? {
      name: aggregator,
      parameters: {},
      metric: 'euclidean',
      smoothing: 0,
      zeroGroups: 'drop',
      guard: null,
    },
    seed: init,
    steps: 200,
    task: 'classification',
    groups: { by: 'microbatch', names: wanted.groups ?? ['a', 'b'] },
    metric: { name: 'accuracy', better: 'higher' },
    configPath: 'grain.yaml',
    config: wanted.config ?? {},
    fingerprints: {},
    sources: {},
    device: { backend: 'cpu', name: 'CPU' },
    versions: {},
  };
  return {
    manifest,
    status,
    step: wanted.step ?? 200,
    validating: wanted.validating ?? null,
    lastMetric: wanted.lastMetric ?? null,
    bestMetric: wanted.bestMetric ?? wanted.lastMetric?.value ?? null,
    startedAt: Date.parse('2026-03-04T05:06:08.000Z'),
    endedAt: Date.parse('2026-03-04T05:07:38.000Z'),
    changedAt: wanted.changedAt ?? Date.parse('2026-03-04T05:07:38.000Z'),
    folder: `/runs/${id}`,
    failure: wanted.failure ?? null,
    alarms: wanted.alarms ?? [],
    warned: wanted.warned ?? null,
    notes: { ...NO_NOTES, ...wanted.notes },
  };
}

/** A step of two groups with gradients (1, 0) and (−1, 1), the sizes 3 and 1. */
export function conflictingStep(step: number, changes: Partial<StepEvent> = {}): StepEvent {
  return {
    kind: 'step',
    at: 0,
    step,
    learningRate: 0.1,
    groups: [0, 1],
    sizes: [3, 1],
    losses: [1, 2],
    gram: [1, -1, 2],
    weights: [0.6, 0.4],
    ms: { gradients: 1, aggregate: 1, update: 1 },
    ...changes,
  };
}
