import type { Request } from '../config/request.ts';
import { filled, promptOf } from '../config/texts.ts';
import type { Tokenizer } from '../hub/tokenizer/tokenizer.ts';
import { finalAnswer } from './answers.ts';
import { labelIn, textIn, textsIn } from './cells.ts';
import { type TextRoles, trainingTextRoles, validationTextRoles } from './columns.ts';
import type { EmptyTexts, Question, TextData, TextDataset, TextExample } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { toLabels } from './labels.ts';
import { openTable } from './openTable.ts';
import { DataProblem } from './problem.ts';
import { PromptEncoder } from './promptEncoder.ts';
import { checkRows } from './read.ts';
import { Source } from './source.ts';
import type { Row, Table } from './table.ts';
import { classesOf, targetIn, targetNumbers } from './targets.ts';

/** How texts become tokens. */
interface Encoder {
  readonly tokenizer: Tokenizer;
  /** Tokens that an example may have. */
  readonly maxLength: number;
}

/**
 * Streams and checks the training and validation files of a config whose examples are texts, and makes tokens of them as they
 * stream by.
 * @param onBytes is told how many bytes were read since it was told last; what was read is tokens soon after
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export async function loadTextData(
  request: Request,
  files: DataFiles,
  encoder: Encoder,
  onBytes: (bytes: number) => void,
): Promise<TextData> {
  const { task, data } = request.config;
  const reader = readerFor(request, encoder);

  const trainSource = new Source(files.train, onBytes);
  const trainTable = await openTable(trainSource, data);
  const roles = trainingTextRoles(trainTable, request);
  const train = await readRows(trainTable, roles, reader);
  const classes = task === 'classification' ? classesOf(train.targets, request) : [];

  const validationSource = new Source(files.validation, onBytes);
  const validationTable = await openTable(validationSource, data);
  const validationRoles = validationTextRoles(validationTable, request);
  const known = task === 'classification' ? new Set(classes) : undefined;
  const validation = await readRows(validationTable, validationRoles, reader, known);

  return {
    train: datasetOf(train, classes),
    validation: datasetOf(validation, classes),
    classes,
    column: roles.group === null ? null : toLabels(train.groups),
    fingerprints: {
      train: trainSource.fingerprint(),
      validation: validationSource.fingerprint(),
    },
  };
}

/** What a row says. */
interface Reading {
  readonly example: TextExample;
  /** What is to be predicted, unless that is the answer to a question. */
  readonly target?: string;
  readonly question?: Question;
  /** Columns that could have a text, and do not. */
  readonly empty: readonly number[];
}

type RowReader = (
  table: Table,
  row: Row,
  roles: TextRoles,
  classes?: ReadonlySet<string>,
) => Reading;

function readerFor(request: Request, encoder: Encoder): RowReader {
  return request.config.task === 'generation'
    ? exerciseReader(request, encoder)
    : predictionReader(request, encoder);
}

/** A text or a pair of texts, and a class or a number. */
function predictionReader(request: Request, { tokenizer, maxLength }: Encoder): RowReader {
  return (table, row, { texts, target }, classes) => {
    const { of, empty } = textsIn(table, row, texts.values());
    const [text, pair] = of.values();
    return {
      example: tokenizer.encode(text!, pair ?? null, maxLength),
      target: targetIn(table, row, target, request, classes),
      empty,
    };
  };
}

/** A prompt and its answer. */
function exerciseReader(request: Request, { tokenizer, maxLength }: Encoder): RowReader {
  const { data } = request.config;
  if (tokenizer.eosId === null) {
    throw request.problem(
      ['model', 'from'],
      'the tokenizer has no token that ends a text, so no answer would ever end',
      { expected: 'a checkpoint that names an eos_token in its tokenizer_config.json' },
    );
  }
  const prompt = promptOf(data);
  const encoder = new PromptEncoder(tokenizer, tokenizer.eosId, maxLength);
  return (table, row, { texts, target }) => {
    const answer = textIn(table, row, target);
    if (finalAnswer(answer, data.answerAfter) === null) {
      throw new DataProblem(
        table.file,
        row.place(target),
        `the answer in column "${data.target}" has no ${JSON.stringify(data.answerAfter)}`,
        { expected: 'the mark of data.answerAfter, and the final answer behind it' },
      );
    }
    const { of, empty } = textsIn(table, row, texts.values());
    const asked = filled(prompt, (name) => of.get(texts.get(name)!)!);
    const exercise = encoder.encode(asked, answer);
    if (exercise) return { ...exercise, empty };
    throw new DataProblem(table.file, row.place(target), 'nothing is left of the texts as tokens', {
      expected: 'a prompt and an answer that the model has tokens for',
    });
  };
}

interface Readings {
  readonly examples: readonly TextExample[];
  readonly targets: readonly string[];
  readonly questions: readonly Question[];
  /** Empty unless groups are made by a column. */
  readonly groups: readonly string[];
  readonly emptyTexts: EmptyTexts | null;
}

async function readRows(
  table: Table,
  roles: TextRoles,
  read: RowReader,
  classes?: ReadonlySet<string>,
): Promise<Readings> {
  const examples: TextExample[] = [];
  const targets: string[] = [];
  const questions: Question[] = [];
  const groups: string[] = [];
  let emptyTexts: EmptyTexts | null = null;
  for await (const row of table.rows) {
    const { example, target, question, empty } = read(table, row, roles, classes);
    examples.push(example);
    if (target !== undefined) targets.push(target);
    if (question) questions.push(question);
    if (roles.group !== null) groups.push(labelIn(table, row, roles.group));
    if (empty.length > 0) emptyTexts = withEmpty(emptyTexts, table, row, empty);
  }
  checkRows(table, examples.length);
  return { examples, targets, questions, groups, emptyTexts };
}

function withEmpty(
  before: EmptyTexts | null,
  { columns }: Table,
  row: Row,
  empty: readonly number[],
): EmptyTexts {
  const count = (before?.count ?? 0) + empty.length;
  if (before) return { ...before, count };
  const { line, row: number } = row.place(empty[0]!);
  const where = number === undefined ? `line ${line}` : `row ${number}`;
  return { count, first: `${where}, column "${columns[empty[0]!]}"` };
}

function datasetOf(
  { examples, targets, questions, emptyTexts }: Readings,
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
