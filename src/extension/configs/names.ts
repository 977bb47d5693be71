/** Names of config files: `grain.yaml`, `digits.grain.yaml`; also `.yml` and `.json`. */

/** As a glob, for VS Code. */
export const CONFIG_PATTERN = '**/{grain,*.grain}.{yaml,yml,json}';

export function isConfigFile(path: string): boolean {
  return /(^|[/\\])([^/\\]+\.)?grain\.(ya?ml|json)$/.test(path);
}

/** For providers of language features. */
export const CONFIGS = { scheme: 'file', pattern: CONFIG_PATTERN } as const;
export const YAML_CONFIGS = { ...CONFIGS, pattern: '**/{grain,*.grain}.{yaml,yml}' } as const;
