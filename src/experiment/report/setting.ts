/** What an experiment was run with, as far as its runs agree. */
import * as z from 'zod';
import type { RunManifest } from '../../runs/manifest.ts';
import type { RunSummary } from '../../runs/store.ts';

export const settingSchema = z.object({
  /** Optimizer steps of a run. */
  steps: z.number(),
  /** The resolved config of the first run. */
  config: z.record(z.string(), z.unknown()),
  configPath: z.string(),
  /** SHA-256 of data, model, config and the trainer's code; several where runs differ. */
  fingerprints: z.record(z.string(), z.array(z.string())),
  /** "grain 0.1.0, node 24.1.0": one for each combination. */
  versions: z.array(z.string()),
  devices: z.array(z.string()),
  /** By method: another than the config's where it was tuned. */
  learningRates: z.record(z.string(), z.number()),
  /** `owner/name@commit` of what came from the Hugging Face hub. */
  sources: z.array(z.string()),
});

export type Setting = z.infer<typeof settingSchema>;

/** As far as the config of their trainer says it. */
function learningRatesOf(manifests: readonly RunManifest[]): Record<string, number> {
  return Object.fromEntries(
    manifests.flatMap(({ aggregator, config }): [string, number][] => {
      const { data } = rateSchema.safeParse(config);
      return data === undefined ? [] : [[aggregator, data.optimizer.learningRate]];
    }),
  );
}

const rateSchema = z.object({ optimizer: z.object({ learningRate: z.number() }) });

/** @param runs at least one */
export function settingOf(runs: readonly RunSummary[]): Setting {
  const manifests = runs.map(({ manifest }) => manifest);
  const [first] = manifests;
  const each = (of: (manifest: (typeof manifests)[number]) => readonly string[]) => [
    ...new Set(manifests.flatMap(of)),
  ];
  const parts = each(({ fingerprints }) => Object.keys(fingerprints));
  return {
    steps: first!.steps,
    config: { ...first!.config },
    configPath: first!.configPath,
    fingerprints: Object.fromEntries(
      parts.map((part) => [
        part,
        each(({ fingerprints: { [part]: hash } }) => (hash === undefined ? [] : [hash])),
      ]),
    ),
    versions: each(({ versions }) => [
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ]),
    learningRates: learningRatesOf(manifests),
    devices: each(({ device }) => [device.name]),
    sources: each(({ sources }) => Object.values(sources).filter((it) => it !== undefined)),
  };
}
