/** What must be known before the runs of a config are made: that they can be trained, by what, and what their manifests say of it. */
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import type { Diagnostic } from '../config/diagnostic.ts';
import type { RunRequest } from '../config/expand.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { pointsOf } from '../config/points.ts';
import { argumentsOf, commandOf } from '../config/program.ts';
import { rankingOf } from '../config/ranking.ts';
import { buildGrouping, type Grouping } from '../data/grouping.ts';
import type { Loading } from '../runs/loading.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { codeFingerprint, inputFingerprints } from '../training/fingerprints.ts';
import { closeSession, openSession, type Session } from '../training/session.ts';
import { programTrainer } from './programTrainer.ts';
import { RunSessions } from './runSessions.ts';
import type { RunTrainer } from './runTrainer.ts';
import { sessionTrainer } from './sessionTrainer.ts';

/** The part of a manifest that does not depend on when and where the run is made. */
type Facts = Pick<
  RunManifest,
  | 'steps'
  | 'task'
  | 'groups'
  | 'trainExamples'
  | 'metric'
  | 'config'
  | 'fingerprints'
  | 'sources'
  | 'device'
  | 'versions'
  | 'command'
>;

export interface Preparation {
  readonly trainer: RunTrainer;
  /** What is noteworthy of the data. */
  readonly notices: readonly Diagnostic[];
  factsOf(request: RunRequest): Promise<Facts>;
}

/** Opens what trains; its trainer is to be closed. @throws ConfigError for mistakes in the config or the data */
export async function prepare(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
): Promise<Preparation> {
  if (parsed.config.program !== undefined) return ofProgram(parsed);
  const first = parsed.at(pointsOf(parsed.config)[0]!);
  const session = await openSession(first, onLoading);
  try {
    return await ofSession(session, first);
  } catch (error) {
    await closeSession(session);
    throw error;
  }
}

async function ofSession(session: Session, parsed: ParsedConfig): Promise<Preparation> {
  const { device, task } = session;
  const sessions = new RunSessions(session, parsed);
  const code = codeFingerprint();
  const fingerprintsOf = remembered((of: Session['task']) => inputFingerprints(of));
  await fingerprintsOf(task);
  return {
    trainer: sessionTrainer(session, parsed),
    notices: task.data.notices,
    async factsOf(request) {
      const { config, task } = await sessions.of(request);
      const { data, sources } = task;
      return {
        steps: config.steps,
        task: config.task,
        groups: groupsOf(buildGrouping(config.groups, data, request.seed.order), config.groups.by),
        trainExamples: data.train.count,
        metric: rankingOf(config),
        config,
        fingerprints: { ...(await fingerprintsOf(task)), code },
        sources,
        device: {
          backend: device.backend,
          name: device.name,
          ...(device.memory !== undefined && { memory: device.memory }),
        },
        versions: device.backend === 'torch' ? device.versions : { tfjs: tfjsVersion },
      };
    },
  };
}

/** Of the last argument. */
function remembered<A, R>(of: (argument: A) => R): (argument: A) => R {
  let last: { readonly argument: A; readonly result: R } | undefined;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, result: of(argument) };
    return last.result;
  };
}

function groupsOf({ names, examples }: Grouping, by: string): RunManifest['groups'] {
  return { by, names, ...(examples && { examples }) };
}

/** Of a program nothing is known before it runs; one that writes the run format replaces what it knows better. */
function ofProgram(parsed: ParsedConfig): Preparation {
  const { concurrency, program = [] } = parsed.config;
  const trainer = programTrainer(concurrency, argumentsOf(program));
  return {
    trainer,
    notices: [],
    async factsOf(request) {
      const { data: _, model: __, groups: ___, ...config } = request.config;
      return {
        steps: parsed.at(request.point).isWritten(['steps']) ? config.steps : 0,
        task: 'program',
        groups: { by: 'program', names: [] },
        metric: config.metric ? rankingOf(config) : { name: 'loss', better: 'lower' },
        config,
        fingerprints: {},
        sources: {},
        device: trainer.device,
        versions: {},
        command: commandOf({ ...request, aggregator: request.aggregation.name }),
      };
    },
  };
}
