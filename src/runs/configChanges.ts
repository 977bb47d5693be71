/** What differs between two resolved configs, as manifests hold them. */
import { isDeepStrictEqual } from 'node:util';
import type { RunManifest } from './manifest.ts';

export interface ConfigChange {
  /** Keys, joined by dots: "optimizer.learningRate". */
  readonly path: string;
  /** Undefined where the key is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

type Keys = Readonly<Record<string, unknown>>;

/** The keys with different values, sections compared key by key; lists are values. In the order of the later config. */
export function configChanges(before: Keys, after: Keys, parent = ''): ConfigChange[] {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...keys].flatMap((key): ConfigChange[] => {
    const [one, other] = [before[key], after[key]];
    if (isDeepStrictEqual(one, other)) return [];
    const path = parent + key;
    if (isSection(one) && isSection(other)) return configChanges(one, other, `${path}.`);
    return [{ path, before: one, after: other }];
  });
}

/** "optimizer.learningRate 0.001 → 0.002". */
export function formatChange({ path, before, after }: ConfigChange): string {
  return `${path} ${formatValue(before)} → ${formatValue(after)}`;
}

/** Every value of a config, by its keys joined by dots; lists are values. */
function configValues(config: Keys, parent = ''): Map<string, unknown> {
  return new Map(
    Object.entries(config).flatMap(([key, value]) =>
      isSection(value)
        ? [...configValues(value, `${parent}${key}.`)]
        : [[`${parent}${key}`, value] as const],
    ),
  );
}

/** Every setting of a run: those of its config, and those of its point in the grid that only a program knows. */
export function settingsOf({ config, point = {} }: Pick<RunManifest, 'config' | 'point'>) {
  return new Map<string, unknown>([...configValues(config), ...Object.entries(point)]);
}

/** "0.001", "auto"; "none" where there is no value. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isSection(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
