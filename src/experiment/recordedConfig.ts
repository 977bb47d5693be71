import path from 'node:path';
import { NOWHERE, ParsedConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import type { RunManifest } from '../runs/manifest.ts';

/**
 * The config as a run's manifest recorded it, with the commits that the run took from the Hub: file and branches may have changed
 * since.
 *
 * @param root folder that holds `.grain`
 * @returns null if another trainer or an incompatible version wrote the manifest
 */
export function recordedConfig(manifest: RunManifest, root: string): ParsedConfig | null {
  const { config: recorded, device, sources, configPath } = manifest;
  const { data: config } = configSchema.safeParse({ ...recorded, device: device.backend });
  if (!config) return null;
  if (sources.model !== undefined) config.model.from = sources.model;
  if (sources.data !== undefined) config.data.from = sources.data;
  return new ParsedConfig(config, path.join(root, configPath), NOWHERE);
}
