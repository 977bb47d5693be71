import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { RunRequest } from '../config/expand.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { FORMAT_VERSION, type RunManifest } from '../runs/manifest.ts';
import { newExperimentId, runId } from '../runs/newId.ts';
import { gitStateOf } from './gitState.ts';
import type { Preparation } from './preparation.ts';

export interface ManifestOptions {
  /** Folder that holds `.grain`. */
  readonly root: string;
  /** The one that the runs join; by default a new one. */
  readonly experiment?: RunManifest['experiment'];
  /** Id of the later experiment that the new one only tunes. */
  readonly tunes?: string;
  /** SHA-256, hex, of the config; by default that of the file now. */
  readonly configFingerprint?: string | undefined;
  /** Learning rates of methods that have another than the config's. */
  readonly rates?: ReadonlyMap<string, number>;
}

/** Manifests of one launch of a config. */
export async function manifestsOf(
  parsed: ParsedConfig,
  preparation: Preparation,
  requests: readonly RunRequest[],
  { root, experiment, tunes, configFingerprint, rates = new Map() }: ManifestOptions,
): Promise<RunManifest[]> {
  const { config } = parsed;
  const now = new Date();
  const git = await gitStateOf(parsed.folder);
  const joined = experiment ?? {
    ...{ id: newExperimentId(config.name, now), name: config.name },
    ...(tunes !== undefined && { tunes }),
  };
  const ofConfig = configFingerprint ?? sha256(readFileSync(parsed.file));
  const manifests: RunManifest[] = [];
  for (const request of requests) {
    const { aggregator, aggregation, seed, point } = request;
    const { fingerprints, versions, ...facts } = await preparation.factsOf(request);
    manifests.push({
      format: FORMAT_VERSION,
      id: runId(joined.id, aggregator, seed),
      experiment: joined,
      createdAt: now.toISOString(),
      aggregator,
      aggregation,
      seed,
      ...(Object.keys(point).length > 0 && { point }),
      configPath: path.relative(root, parsed.file).split(path.sep).join('/'),
      ...facts,
      config: withRate(facts.config, rates.get(aggregator)),
      fingerprints: { config: ofConfig, ...fingerprints },
      versions: { grain: packageJson.version, node: process.versions.node, ...versions },
      ...(git && { git }),
    });
  }
  return manifests;
}

function withRate(config: RunManifest['config'], learningRate: number | undefined) {
  if (learningRate === undefined) return config;
  return { ...config, optimizer: { ...Object(config.optimizer), learningRate } };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
