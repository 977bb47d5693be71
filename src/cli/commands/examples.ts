import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type ReadableExample,
  readableExamples,
  validationFiles,
  validationFingerprint,
} from '../../data/readableExamples.ts';
import { recordedConfig } from '../../experiment/recordedConfig.ts';
import { RunReferenceError, resolveRun } from '../../runs/reference.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import { rootOption } from '../listing.ts';

interface ExamplesOptions {
  readonly root?: string;
  readonly index?: number;
  readonly cut?: number;
  readonly json?: boolean;
}

const description = [
  'print the validation examples of a run, in the order and with the numbers of predictions.jsonl',
  'They are read from the data file that the run names, if it still is the one that the run was validated on; from the Hub, out of the cache.',
].join('\n\n');

/** Lines are written together up to so many characters. */
const BLOCK = 1 << 16;

export function addExamplesCommand(program: Command): void {
  program
    .command('examples')
    .summary('print the validation examples of a run')
    .description(description)
    .argument('<run>', 'id of a run, or the start of one')
    .option('--index <number>', 'only the example with this number, from 0', wholeNumber)
    .option('--cut <characters>', 'only so much of each text', wholeNumber)
    .addOption(rootOption())
    .option('--json', 'print a JSON object for each example, one a line')
    .action(async (reference: string, { root, ...options }: ExamplesOptions) => {
      const run = resolveRun(await new RunStore(root).list(), reference);
      let block = '';
      for await (const example of examplesOf(run, options.index)) {
        block += `${lineOf(example, options)}\n`;
        if (block.length < BLOCK) continue;
        await written(block);
        block = '';
      }
      await written(block);
    });
}

/** @throws Error that says why they cannot be read */
async function* examplesOf(
  { manifest, folder }: RunSummary,
  index: number | undefined,
): AsyncGenerator<ReadableExample> {
  const parsed = recordedConfig(manifest, path.resolve(folder, '../../..'));
  if (!parsed) throw new Error('the run is from another trainer, whose config is not known');
  const files = await validationFiles(parsed);
  if ((await validationFingerprint(files, parsed)) !== manifest.fingerprints.validation) {
    throw new Error(`${files.join(' or ')} has changed since the run began`);
  }
  let count = 0;
  for await (const example of readableExamples(files, parsed)) {
    if (index === undefined || example.index === index) yield example;
    if (example.index === index) return;
    count++;
  }
  if (index === undefined) return;
  throw new RunReferenceError(`no example ${index}: the run has ${count}, numbered from 0`);
}

function lineOf({ index, parts, group }: ReadableExample, { cut, json }: ExamplesOptions): string {
  const short = parts.map(({ name, text }) => ({ name, text: text.slice(0, cut) }));
  if (json) return JSON.stringify({ index, parts: short, group });
  const texts = short.map(({ name, text }) => `${name}: ${text.replaceAll(/\s+/g, ' ')}`);
  return `${index}  ${texts.join('  ')}`;
}

function written(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
