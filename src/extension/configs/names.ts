/** Names of config files: `grain.yaml`, `digits.grain.yaml`; also `.yml` and `.json`. */

/** As a glob, for VS Code. */
export const CONFIG_PATTERN = '**/{grain,*.grain}.{yaml,yml,json}';

export function isConfigFile(path: string): boolean {
  return /(^|[/\\])([^/\\]+\.)?grain\.(ya?ml|json)$/.test(path);
}
