import { alternatives } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Data } from './dataset.ts';

/** What only the data decide: how large a batch can be, and which classes can have weights. @throws ConfigError at the key */
export function checkAgainstData(
  parsed: ParsedConfig,
  { train, classes }: Pick<Data, 'train' | 'classes'>,
): void {
  checkBatchSize(parsed, train.count);
  checkClassWeights(parsed, classes);
}

function checkBatchSize(parsed: ParsedConfig, count: number): void {
  const { batchSize } = parsed.config;
  if (batchSize <= count) return;
  throw parsed.error(
    ['batchSize'],
    `a batch of ${batchSize} examples is larger than the training set of ${count}`,
    { expected: `at most ${count}` },
  );
}

function checkClassWeights(parsed: ParsedConfig, classes: readonly string[]): void {
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
    throw parsed.keyError([...path, 'classWeights', unknown], `there is no class "${unknown}"`, {
      expected: alternatives(classes),
      name: { wrong: unknown, valid: classes },
    });
  }
}
