import { filled, promptOf } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { TextTokenizer } from '../hub/tokenizer/tokenizer.ts';
import { CellReader, checkNotEmpty, placeOf } from './cells.ts';
import { type TextRoles, trainingTextRoles, usedColumns, validationTextRoles } from './columns.ts';
import { dataNotices } from './dataNotices.ts';
import type { EmptyTexts, Question, TextData, TextDataset, TextExample } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { classesOf, targetIn, targetNumbers, toLabels } from './labels.ts';
import { fingerprintOf, openPart, type PartTable } from './parts.ts';
import { finalAnswer, PromptEncoder } from './prompts.ts';
import { DataError, type Row, type Table, TableFile } from './table.ts';

/** How texts are tokenized. */
interface Tokenization {
  readonly tokenizer: TextTokenizer;
  /** Most tokens of an example, special tokens included. */
  readonly maxLength: number;
}

/**
 * Streams, checks and tokenizes the training and validation files of a config whose examples are texts.
 * @param onBytes called with the number of bytes of each chunk that was read
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function loadTextData(
  parsed: ParsedConfig,
  files: DataFiles,
  options: Tokenization,
  onBytes: (bytes: number) => void,
): Promise<TextData> {
  const { task } = parsed.config;
  const readRow = rowReaderFor(parsed, options);

  const trainFile = new TableFile(files.train, onBytes);
  const trainTable = await openPart('train', trainFile, parsed);
  const roles = trainingTextRoles(trainTable, parsed);
  const train = await readRows(trainTable, roles, parsed, readRow);
  const classes = task === 'classification' ? classesOf(train.targets, parsed) : [];

  const validationFile = new TableFile(files.validation, onBytes);
  const validationTable = await openPart('validation', validationFile, parsed);
  const validationRoles = validationTextRoles(validationTable, parsed);
  const known = task === 'classification' ? new Set(classes) : undefined;
  const validation = await readRows(validationTable, validationRoles, parsed, readRow, known);

  const column = roles.group === null ? null : toLabels(train.groups);
  const fingerprints = {
    train: fingerprintOf('train', trainFile, parsed),
    validation: fingerprintOf('validation', validationFile, parsed),
  };
  return {
    train: datasetOf(train, classes),
    validation: datasetOf(validation, classes),
    classes,
    column,
    notices: dataNotices(parsed, { train, validation, classes, column, fingerprints }),
    fingerprints,
  };
}

/** A row, tokenized. */
interface TextRow {
  readonly example: TextExample;
  /** Class or number; all tasks but generation. */
  readonly target?: string;
  /** Generation only. */
  readonly question?: Question;
  /** Text columns whose cells are empty. */
  readonly empty: readonly number[];
}

type RowReader = (
  reader: CellReader,
  table: Table,
  row: Row,
  roles: TextRoles,
  classes?: ReadonlySet<string>,
) => Promise<TextRow>;

function rowReaderFor(parsed: ParsedConfig, options: Tokenization): RowReader {
  return parsed.config.task === 'generation'
    ? promptReader(parsed, options)
    : sequenceReader(parsed, options);
}

/** Reads a text or a pair of texts, and a class or a number. */
function sequenceReader(parsed: ParsedConfig, { tokenizer, maxLength }: Tokenization): RowReader {
  return async (reader, table, row, { texts, target }, classes) => {
    const { byColumn: of, empty } = reader.texts(row, texts.values());
    const [text, pair] = of.values();
    return {
      example: await tokenizer.encode(text!, pair ?? null, maxLength),
      target: targetIn(reader, table, row, target, parsed, classes),
      empty,
    };
  };
}

/** Reads a prompt and its answer. */
function promptReader(parsed: ParsedConfig, { tokenizer, maxLength }: Tokenization): RowReader {
  const { data } = parsed.config;
  if (tokenizer.eosId === null) {
    throw parsed.error(
      ['model', 'from'],
      'the tokenizer has no end-of-text token, so generated answers would never end',
      { expected: 'a checkpoint whose tokenizer_config.json names an eos_token' },
    );
  }
  const prompt = promptOf(data);
  const encoder = new PromptEncoder(tokenizer, tokenizer.eosId, maxLength);
  return async (reader, table, row, { texts, target }) => {
    const answer = reader.text(row, target);
    if (finalAnswer(answer, data.answerAfter) === null) {
      throw new DataError(
        table.file,
        row.position(target),
        `the answer in column "${data.target}" has no ${JSON.stringify(data.answerAfter)}`,
        { expected: 'the marker of data.answerAfter, followed by the final answer' },
      );
    }
    const { byColumn: of, empty } = reader.texts(row, texts.values());
    const filledPrompt = filled(prompt, (name) => of.get(texts.get(name)!)!);
    const encoded = await encoder.encode(filledPrompt, answer);
    if (encoded) return { ...encoded, empty };
    throw new DataError(
      table.file,
      row.position(target),
      'the tokenizer makes no tokens of the prompt or of the answer',
      { expected: 'a prompt and an answer with at least one token each' },
    );
  };
}

interface TextRows {
  readonly table: PartTable;
  readonly reader: CellReader;
  readonly examples: readonly TextExample[];
  readonly targets: readonly string[];
  readonly questions: readonly Question[];
  /** Empty unless groups are made by a column. */
  readonly groups: readonly string[];
  readonly emptyTexts: EmptyTexts | null;
}

async function readRows(
  table: PartTable,
  roles: TextRoles,
  parsed: ParsedConfig,
  readRow: RowReader,
  classes?: ReadonlySet<string>,
): Promise<TextRows> {
  const reader = new CellReader(table, parsed.config.data.missing);
  const examples: TextExample[] = [];
  const targets: string[] = [];
  const questions: Question[] = [];
  const groups: string[] = [];
  let emptyTexts: EmptyTexts | null = null;
  for await (const row of table.rows(usedColumns(roles, parsed))) {
    const { example, target, question, empty } = await readRow(reader, table, row, roles, classes);
    examples.push(example);
    if (target !== undefined) targets.push(target);
    if (question) questions.push(question);
    if (roles.group !== null) groups.push(reader.label(row, roles.group));
    if (empty.length > 0) emptyTexts = countEmpty(emptyTexts, table, row, empty);
  }
  checkNotEmpty(table, examples.length);
  return { table, reader, examples, targets, questions, groups, emptyTexts };
}

function countEmpty(
  before: EmptyTexts | null,
  { columns }: Table,
  row: Row,
  empty: readonly number[],
): EmptyTexts {
  const count = (before?.count ?? 0) + empty.length;
  if (before) return { ...before, count };
  return { count, first: `${placeOf(row, empty[0]!)}, column "${columns[empty[0]!]}"` };
}

function datasetOf(
  { examples, targets, questions, emptyTexts }: TextRows,
  classes: readonly string[],
): TextDataset {
  return {
    count: examples.length,
    examples,
    lengths: Int32Array.from(examples, ({ ids }) => ids.length),
    targets: targetNumbers(targets, classes),
    questions,
    ...(emptyTexts && { emptyTexts }),
  };
}
