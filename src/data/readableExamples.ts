/** The validation examples of a config as a person reads them, with the group that each belongs to. */
import { filled, promptColumns, promptOf, readsTexts, textColumns } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { resolveRepository } from '../hub/resolve.ts';
import { isMissing, writtenIn } from './cells.ts';
import { groupColumn } from './columns.ts';
import { dataFilesOf } from './files.ts';
import { imageName } from './imageCells.ts';
import { fingerprintOf, openPart } from './parts.ts';
import { type Row, tableFiles } from './table.ts';

export interface ReadableExample {
  /** Its place among the examples that were read, from 0: as in predictions.jsonl. */
  readonly index: number;
  /** The prompt, or the texts or features. */
  readonly parts: readonly ExamplePart[];
  /** Its value of the column that groups are made by; null without such a column in the file. */
  readonly group: string | null;
}

export interface ExamplePart {
  /** Of the column, or "prompt". */
  readonly name: string;
  readonly text: string;
}

/** The files of the validation examples on this machine; nothing is downloaded. @throws ConfigError if they are not there */
export async function validationFiles(parsed: ParsedConfig): Promise<readonly string[]> {
  if (parsed.config.data.from === undefined) return parsed.dataFiles('validation');
  const { validation } = await dataFilesOf(parsed, (id, files) =>
    resolveRepository(id, { kind: 'dataset', files, onProgress: () => {}, cachedOnly: true }),
  );
  return validation;
}

/** As `fingerprints.validation` of a manifest. */
export async function validationFingerprint(
  paths: readonly string[],
  parsed: ParsedConfig,
): Promise<string> {
  const files = tableFiles(paths);
  for (const file of files) {
    for await (const _ of file.chunks());
  }
  return fingerprintOf('validation', files, parsed);
}

/** @param paths of the validation files @throws ConfigError if it cannot be read */
export async function* readableExamples(
  paths: readonly string[],
  parsed: ParsedConfig,
): AsyncGenerator<ReadableExample> {
  const { data, groups } = parsed.config;
  // Rows are left out here: that a group is missing is no reason to.
  const whole = parsed.with({ data: { ...data, dropIncomplete: false } });
  const table = await openPart('validation', tableFiles(paths), whole);
  const columnOf = (name: string) => table.columns.indexOf(name);
  const [target, group] = [columnOf(data.target), columnOf(groupColumn(groups.by) ?? '')];
  const names = partNames(parsed) ?? table.columns.filter((_, i) => i !== target && i !== group);
  const own = [...names.map(columnOf), target];
  const words = new Set(data.missing);
  let index = 0;
  for await (const row of table.rows({ columns: new Set([...own, group]), all: false })) {
    const isLeftOut = data.dropIncomplete && own.some((i) => isMissing(row.cells[i], words));
    if (isLeftOut) continue;
    const textOf = (name: string) =>
      name === data.imageFile ? imageName(row.cells[columnOf(name)]) : textIn(row, columnOf(name));
    yield {
      index: index++,
      parts: partsOf(names, textOf, parsed),
      group: group < 0 ? null : textIn(row, group),
    };
  }
}

/** Null for all columns that have no other role. */
function partNames({ config: { task, data } }: ParsedConfig): readonly string[] | null {
  if (task === 'generation') return promptColumns(promptOf(data));
  if (data.imageFile !== undefined) return [data.imageFile];
  return readsTexts(data) ? textColumns(data) : (data.features ?? null);
}

function partsOf(
  names: readonly string[],
  textOf: (name: string) => string,
  { config: { task, data } }: ParsedConfig,
): ExamplePart[] {
  return task === 'generation'
    ? [{ name: 'prompt', text: filled(promptOf(data), textOf) }]
    : names.map((name) => ({ name, text: textOf(name) }));
}

function textIn({ cells }: Row, column: number): string {
  return writtenIn(cells[column]) ?? '';
}
