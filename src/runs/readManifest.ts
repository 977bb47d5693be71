import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { hasCode } from './errno.ts';
import { FORMAT_VERSION, type RunManifest } from './manifest.ts';

const manifestSchema: z.ZodType<RunManifest> = z.object({
  format: z.literal(FORMAT_VERSION),
  id: z.string(),
  experiment: z.object({ id: z.string(), name: z.string() }),
  createdAt: z.iso.datetime({ offset: true }),
  aggregator: z.string(),
  aggregation: z
    .object({
      name: z.string(),
      parameters: z.record(z.string(), z.number()),
      metric: z.enum(['euclidean', 'preconditioned']),
      smoothing: z.number(),
      zeroGroups: z.enum(['drop', 'stop', 'error']),
    })
    .exactOptional(),
  seed: z.object({ init: z.number(), order: z.number() }),
  steps: z.number(),
  task: z.string(),
  groups: z.object({ by: z.string(), names: z.array(z.string()) }),
  metric: z.object({ name: z.string(), better: z.enum(['higher', 'lower']) }),
  configPath: z.string(),
  config: z.record(z.string(), z.unknown()),
  fingerprints: z.record(z.string(), z.string()),
  sources: z
    .object({ model: z.string().exactOptional(), data: z.string().exactOptional() })
    .exactOptional(),
  device: z.object({ backend: z.string(), name: z.string() }),
  versions: z.record(z.string(), z.string()),
});

/** Any trainer may write one: what lacks a field, or is of another format, is none. @returns null if there is none */
export async function readManifest(file: string): Promise<RunManifest | null> {
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    return manifestSchema.safeParse(manifest).success ? manifest : null;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
