/** What the commands on stored runs share: the option that says where they are, and a run as JSON. */
import { statSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { RunAlarm } from '../runs/alarms.ts';
import type { RunFailure } from '../runs/failure.ts';
import type { RunManifest, Seed } from '../runs/manifest.ts';
import type { RunNotes } from '../runs/notes.ts';
import type { RunStatus } from '../runs/status.ts';
import type { RunSummary } from '../runs/store.ts';

/** A run in the JSON that commands print. Times are ISO 8601, UTC. */
export interface ListedRun {
  readonly id: string;
  readonly experiment: RunManifest['experiment'];
  readonly aggregator: string;
  readonly seed: Seed;
  readonly status: RunStatus;
  /** Steps taken, and asked for. */
  readonly step: number;
  readonly steps: number;
  /** Share of a long validation that is done, 0…1; `null` while there is none. */
  readonly validating: number | null;
  /** The metric that ranks checkpoints, at the last validation; a value that was not finite is `null`. */
  readonly metric: { readonly name: string; readonly value: number } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly folder: string;
  readonly failure: RunFailure | null;
  /** In the order in which they were raised; those with `clearedAt` are over. */
  readonly alarms: readonly RunAlarm[];
  readonly notes: RunNotes;
}

export function listed(run: RunSummary): ListedRun {
  const { id, experiment, aggregator, seed, steps, createdAt } = run.manifest;
  return {
    id,
    experiment,
    aggregator,
    seed,
    status: run.status,
    step: run.step,
    steps,
    validating: run.validating,
    metric: run.lastMetric,
    createdAt,
    startedAt: isoTime(run.startedAt),
    endedAt: isoTime(run.endedAt),
    folder: run.folder,
    failure: run.failure,
    alarms: run.alarms,
    notes: run.notes,
  };
}

function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function existingFolder(named: string): string {
  if (statSync(named, { throwIfNoEntry: false })?.isDirectory()) return named;
  throw new InvalidArgumentError('There is no such folder.');
}

export function rootOption(): Option {
  return new Option(
    '--root <folder>',
    'folder that holds .grain (default: the nearest one, from here upwards)',
  ).argParser(existingFolder);
}
