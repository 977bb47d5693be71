/** Whether a path is that of a config: `grain.yaml`, `digits.grain.yaml`; also `.yml` and `.json`. */
export function isConfigFile(path: string): boolean {
  return /(^|[/\\])([^/\\]+\.)?grain\.(ya?ml|json)$/.test(path);
}
