import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import packageJson from '../../package.json' with { type: 'json' };
import type { RunRequest } from '../config/expand.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { rankingOf } from '../config/ranking.ts';
import type { Config } from '../config/schema.ts';
import { buildGrouping, type Grouping } from '../data/grouping.ts';
import { FORMAT_VERSION, type RunManifest } from '../runs/manifest.ts';
import { newExperimentId, runId } from '../runs/newId.ts';
import { codeFingerprint, inputFingerprints } from '../training/fingerprints.ts';
import type { Session } from '../training/session.ts';
import { gitStateOf } from './gitState.ts';

export interface ManifestOptions {
  /** Folder that holds `.grain`. */
  readonly root: string;
  /** The one that the runs join; by default a new one. */
  readonly experiment?: RunManifest['experiment'];
  /** Learning rates of methods that have another than the config's. */
  readonly rates?: ReadonlyMap<string, number>;
}

/**
 * Manifests of one launch of a config.
 */
export async function manifestsOf(
  parsed: ParsedConfig,
  session: Session,
  requests: readonly RunRequest[],
  { root, experiment, rates = new Map() }: ManifestOptions,
): Promise<RunManifest[]> {
  const { config, device } = session;
  const { data, sources } = session.task;
  const now = new Date();
  const git = await gitStateOf(parsed.folder);
  const joined = experiment ?? { id: newExperimentId(config.name, now), name: config.name };
  const fingerprints = {
    config: sha256(readFileSync(parsed.file)),
    ...(await inputFingerprints(session.task)),
    code: codeFingerprint(),
  };
  return requests.map(({ aggregator, aggregation, seed }) => ({
    format: FORMAT_VERSION,
    id: runId(joined.id, aggregator, seed),
    experiment: joined,
    createdAt: now.toISOString(),
    aggregator,
    aggregation,
    seed,
    steps: config.steps,
    task: config.task,
    groups: groupsOf(buildGrouping(config.groups, data, seed.order), config.groups.by),
    trainExamples: data.train.count,
    metric: rankingOf(config),
    configPath: path.relative(root, parsed.file).split(path.sep).join('/'),
    config: { ...config, optimizer: withRate(config.optimizer, rates.get(aggregator)) },
    fingerprints,
    sources,
    device: {
      backend: device.backend,
      name: device.name,
      ...(device.memory !== undefined && { memory: device.memory }),
    },
    versions: {
      grain: packageJson.version,
      node: process.versions.node,
      ...(device.backend === 'torch' ? device.versions : { tfjs: tfjsVersion }),
    },
    ...(git && { git }),
  }));
}

function withRate(optimizer: Config['optimizer'], learningRate = optimizer.learningRate) {
  return { ...optimizer, learningRate };
}

function groupsOf({ names, examples }: Grouping, by: string): RunManifest['groups'] {
  return { by, names, ...(examples && { examples }) };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
