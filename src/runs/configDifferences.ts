/** In what the runs that are compared differ: their configs, data, model files, devices and code. */
import { formatValue, settingsOf } from './configChanges.ts';
import type { RunManifest } from './manifest.ts';

export interface Differences<Run> {
  /** Runs that agree in everything. */
  readonly variants: readonly (readonly Run[])[];
  /** Only of what differs: a value for each of the variants. */
  readonly rows: readonly { readonly key: string; readonly values: readonly string[] }[];
}

/** @param runs in the order in which variants are wanted */
export function configDifferences<Run extends { readonly manifest: RunManifest }>(
  runs: readonly Run[],
): Differences<Run> {
  const facts = runs.map((run) => {
    const [config, others] = [configFacts(run.manifest), otherFacts(run.manifest)];
    return { run, config, others, values: new Map([...config, ...others]) };
  });
  const keys = new Set([
    ...facts.flatMap(({ config }) => [...config.keys()]),
    ...facts.flatMap(({ others }) => [...others.keys()]),
  ]);
  const differing = [...keys].filter(
    (key) => new Set(facts.map(({ values }) => values.get(key))).size > 1,
  );
  const variants = new Map<string, { runs: Run[]; values: ReadonlyMap<string, string> }>();
  for (const { run, values } of facts) {
    const key = JSON.stringify(differing.map((name) => values.get(name) ?? null));
    const variant = variants.get(key);
    if (variant) variant.runs.push(run);
    else variants.set(key, { runs: [run], values });
  }
  const all = [...variants.values()];
  return {
    variants: all.map((variant) => variant.runs),
    rows: differing.map((key) => ({
      key,
      values: all.map(({ values }) => values.get(key) ?? 'none'),
    })),
  };
}

/** Hex digits of a fingerprint or commit that are shown. */
const DIGITS = 8;

function configFacts(manifest: RunManifest): Map<string, string> {
  return new Map([...settingsOf(manifest)].map(([key, value]) => [key, formatValue(value)]));
}

function otherFacts({ fingerprints, device, git }: RunManifest): Map<string, string> {
  const files = Object.entries(fingerprints).map(([name, sha]): [string, string] => [
    `fingerprint of ${name}`,
    sha.slice(0, DIGITS),
  ]);
  const commit = git && `${git.commit.slice(0, DIGITS)}${git.dirty ? ' with changes' : ''}`;
  return new Map([
    ...files,
    ['trained on', device.name],
    ...(commit ? [['git commit', commit] as const] : []),
  ]);
}
