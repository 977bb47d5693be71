import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { minilm, smollm2 } from './python/checkpoints.ts';
import { realData } from './realData.ts';

type Keys = Readonly<Record<string, unknown>>;

/** Of each example that fine-tunes a transformer: what stands in for the hub where there is none. */
const locally = {
  rte: { checkpoint: minilm, data: realData.rte },
  stsb: {
    checkpoint: minilm,
    data: {
      ...realData.stsb,
      format: 'tsv',
      columns: ['genre', 'file', 'year', 'id', 'score', 'sentence1', 'sentence2'],
      extraCells: 'ignore',
      target: 'score',
    },
  },
  gsm8k: { checkpoint: smollm2, data: realData.gsm8k },
};
export type TextExample = keyof typeof locally;

/** Of the folder of an example. */
export function exampleFolder(name: string): string {
  return fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
}

/**
 * An example's config with the checkpoint that the Python of the tests carries and data that are looked for as in realData.ts.
 *
 * @param changes laid over the config
 * @param data laid over its section of the same name
 */
export async function localConfig(
  name: TextExample,
  changes: Keys,
  data: Keys = {},
): Promise<Keys> {
  const config = parse(readFileSync(`${exampleFolder(name)}/grain.yaml`, 'utf8'));
  const { from: _hub, ...asked } = config.data;
  const { checkpoint, data: files } = locally[name];
  return {
    ...config,
    ...changes,
    model: { ...config.model, from: await checkpoint() },
    data: { ...asked, ...files, ...data },
  };
}
