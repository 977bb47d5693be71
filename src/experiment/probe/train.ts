import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkFiles } from '../../config/checkFiles.ts';
import { type ParsedConfig, parseConfigFile } from '../../config/parse.ts';
import { pointsOf } from '../../config/points.ts';
import type { Loading } from '../../runs/loading.ts';
import { RunStore } from '../../runs/store.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';
import { launchParsed } from '../launch.ts';
import type { RunTrainer } from '../runTrainer.ts';
import { type ExperimentCallbacks, trainLaunch } from '../trainRuns.ts';
import { type ProbedRun, readProbedRun } from './probedRun.ts';
import { probeSize } from './size.ts';

/** Validation examples, at most: enough for the spread of the seeds. */
const EXAMPLES = 1_000;

export interface ProbeCallbacks extends Pick<ExperimentCallbacks, 'onEvent' | 'isInterrupted'> {
  onLoading(loading: Loading): void;
  /** Called before the first run. */
  onCreated(trainer: RunTrainer, runs: readonly TrainingRun[]): void;
}

/**
 * Trains the mean of a config for a few steps and seeds, in a temporary folder that is deleted before it returns.
 *
 * @returns null if it was interrupted
 * @throws ConfigError for mistakes in the config or the data; an Error with the reason if a run failed
 */
export async function trainProbe(
  file: string,
  callbacks: ProbeCallbacks,
): Promise<ProbedRun[] | null> {
  const parsed = parseConfigFile(file);
  if (parsed.config.program !== undefined) {
    throw parsed.error(['program'], 'a program cannot be probed', {
      expected: 'model and data, for the built-in trainer',
    });
  }
  checkFiles(parsed);
  // Made only when loading has succeeded: a process that is killed before leaves nothing behind.
  const root = path.join(tmpdir(), `grain-probe-${randomUUID()}`);
  try {
    return await trainIn(root, shortened(parsed), callbacks);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** At the first point of a grid, the whole learning-rate schedule in few steps, and no validation, checkpoint or stop on the way. */
function shortened(written: ParsedConfig): ParsedConfig {
  const parsed = written.at(pointsOf(written.config)[0]!);
  const { config } = parsed;
  const { steps, seeds } = probeSize(config);
  return parsed.with({
    ...{ aggregate: ['mean'], steps, seeds, evaluateEvery: steps, checkpointEvery: steps },
    ...{ epochs: undefined, grid: undefined },
    earlyStopping: undefined,
    evaluateExamples: Math.min(config.evaluateExamples ?? EXAMPLES, EXAMPLES),
    alarms: { ...config.alarms, stop: [] },
  });
}

async function trainIn(
  root: string,
  parsed: ParsedConfig,
  { onLoading, onCreated, onEvent, isInterrupted }: ProbeCallbacks,
): Promise<ProbedRun[] | null> {
  const launch = await launchParsed(parsed, root, onLoading);
  onCreated(launch.trainer, launch.runs);
  const ends = await trainLaunch(launch, { onEvent, isInterrupted });
  for (const end of ends) if (end.status === 'failed') throw new Error(end.failure.message);
  if (ends.some(({ status }) => status === 'stopped')) return null;
  return Promise.all((await new RunStore(root).list()).map(readProbedRun));
}
