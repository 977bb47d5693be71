/** The text of a first config for a data file. */
import path from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../config/schema.ts';
import type { Column, TableDescription } from './description.ts';
import { groupColumns, type Inputs, inputs, isSource, targets, taskFor } from './propose.ts';

/** What a config is made for. */
export interface Choice {
  readonly target: Column;
  readonly inputs: Inputs;
  /** As in a config. */
  readonly groupsBy: Config['groups']['by'];
}

/** The likeliest choice; null if no column could be predicted from others. @param target a column that the user named */
export function proposedChoice(description: TableDescription, target?: Column): Choice | null {
  for (const candidate of target ? [target] : targets(description)) {
    const source = groupColumns(description, candidate).find(isSource);
    const [first] = inputs(description, candidate, source?.name ?? null);
    if (!first) continue;
    const groupsBy = source ? (`column:${source.name}` as const) : 'microbatch';
    return { target: candidate, inputs: first, groupsBy };
  }
  return null;
}

/** @param folder of the config, to which paths are relative */
export function configText(
  description: TableDescription,
  { target, inputs, groupsBy }: Choice,
  folder: string,
): string {
  const { file, delimiter, columns, rows, validation } = description;
  const task = taskFor(target, rows);
  const named = (at: string) => path.relative(folder, at).split(path.sep).join('/');
  const group = groupsBy.replace(/^column:/, '');
  const used = new Set([
    target.name,
    group,
    ...(inputs.columns ?? columns.map(({ name }) => name)),
  ]);
  const hasGaps = columns.some(({ name, missing }) => used.has(name) && missing > 0);
  used.delete(group);
  const beside = validation?.lacks.every((name) => !used.has(name)) ? validation : null;
  const data = flow({
    train: named(file),
    validation: beside ? named(beside.file) : { share: 0.2 },
    ...(delimiter !== null && delimiter !== ',' && { delimiter }),
    ...(hasGaps && { dropIncomplete: true }),
    ...inputKeys(inputs, task),
    target: target.name,
  });
  const batchSize = Math.min(32, Math.max(2, 2 ** Math.floor(Math.log2(rows / 4))));
  const count = Math.min(8, batchSize);
  const byValue = groupsBy === 'label' || groupsBy.startsWith('column:');
  return [
    '# What to fine-tune, and how. In VS Code, Ctrl+Space lists all keys, and hovering over one explains it.',
    `name: ${yaml(nameFor(file, folder))}`,
    `task: ${task}`,
    ...modelLines(inputs, task),
    'data:',
    ...data.map((line) => `  ${line}`),
    byValue ? `groups: { by: ${yaml(groupsBy)} }` : `groups: { by: ${groupsBy}, count: ${count} }`,
    '# The methods to compare, each with every seed; mean is plain training.',
    `aggregate: [${groupsBy.startsWith('column:') ? 'grain, ' : ''}grain-normalized, mean]`,
    `optimizer: { name: adamw, learningRate: ${rateFor(inputs, task)}, warmup: 0.1, decay: linear }`,
    `batchSize: ${batchSize}`,
    ...(inputs.kind === 'texts' ? ['batches: similar-length'] : []),
    'steps: 200',
    'evaluateEvery: 20',
    ...(task === 'generation' ? ['evaluateExamples: 64'] : []),
    'seeds: [0, 1, 2]',
    '',
  ].join('\n');
}

/** The file's own name, or if that says nothing, a folder's. */
function nameFor(file: string, folder: string): string {
  const names = [
    path.basename(file).replace(/\..*$/, ''),
    ...[path.dirname(file), folder].map((at) => path.basename(at)),
  ];
  const telling = names.find((name) => !/^(?:train(?:ing)?|data|all|examples?|)$/i.test(name));
  return (
    (telling ?? 'fine-tune')
      .replaceAll(/[^\w .-]+/g, '-')
      .replace(/^[\s.]+|[\s.]+$/g, '')
      .slice(0, 80) || 'fine-tune'
  );
}

function modelLines(inputs: Inputs, task: Config['task']): string[] {
  if (inputs.kind === 'numbers') {
    return [
      inputs.image
        ? 'model: { architecture: cnn, filters: [8, 16] } # a small network, trained from scratch'
        : 'model: { architecture: mlp, hidden: [64] } # a small network, trained from scratch',
    ];
  }
  const from =
    task === 'generation' ? 'HuggingFaceTB/SmolLM2-135M' : 'sentence-transformers/all-MiniLM-L6-v2';
  return [
    'model:',
    `  from: ${from} # on the Hugging Face Hub, downloaded once; or a folder with a checkpoint`,
    '  adapter: { lora: { rank: 8 } } # trains small matrices; without this key, all weights',
  ];
}

function inputKeys(inputs: Inputs, task: Config['task']): Record<string, unknown> {
  if (inputs.kind === 'texts') {
    const { columns } = inputs;
    return {
      text: columns.length === 1 ? columns[0] : columns,
      ...(task === 'generation' && { maxNewTokens: 64 }),
    };
  }
  const { columns, image } = inputs;
  return {
    ...(columns && { features: columns }),
    ...(image ? { image, scale: 255 } : { standardize: true }),
  };
}

function rateFor(inputs: Inputs, task: Config['task']): string {
  if (inputs.kind === 'numbers') return inputs.image ? '2e-3' : '1e-2';
  return task === 'generation' ? '2e-4' : '5e-4';
}

/** A line for each key, its value on it. */
function flow(keys: Record<string, unknown>): string[] {
  return Object.entries(keys).map(([key, value]) => `${key}: ${yaml(value)}`);
}

function yaml(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trimEnd();
}
