import { alternatives, nearest } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';

/** What only the data decide: whether class weights are of classes. @throws ConfigError at the key */
export function checkTechniques(parsed: ParsedConfig, classes: readonly string[]): void {
  const { techniques, aggregate } = parsed.config;
  const written = [
    { path: ['techniques'], of: techniques },
    ...aggregate.map((entry, i) => ({
      path: ['aggregate', i, 'techniques'],
      of: typeof entry === 'string' ? undefined : entry.techniques,
    })),
  ];
  for (const { path, of } of written) {
    const unknown = Object.keys(of?.classWeights ?? {}).find((name) => !classes.includes(name));
    if (unknown === undefined) continue;
    const suggestion = nearest(unknown, classes);
    throw parsed.error([...path, 'classWeights', unknown], `there is no class "${unknown}"`, {
      expected: alternatives(classes),
      ...(suggestion && { suggestion }),
    });
  }
}
