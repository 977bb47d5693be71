import { filled, promptOf } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { TextTokenizer } from '../hub/tokenizer/tokenizer.ts';
import type { TextData, TextDataset, TextExample } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { targetIn, targetNumbers } from './labels.ts';
import { loadRows, type ReadRows, type RowReader } from './loadRows.ts';
import { finalAnswer, PromptEncoder } from './prompts.ts';
import { DataError } from './table.ts';

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
export function loadTextData(
  parsed: ParsedConfig,
  files: DataFiles,
  options: Tokenization,
  onBytes: (bytes: number) => void,
): Promise<TextData> {
  return loadRows(parsed, files, { readRow: rowReaderFor(parsed, options), datasetOf }, onBytes);
}

function rowReaderFor(parsed: ParsedConfig, options: Tokenization): RowReader<TextExample> {
  return parsed.config.task === 'generation'
    ? promptReader(parsed, options)
    : sequenceReader(parsed, options);
}

/** Reads a text or a pair of texts, and a class or a number. */
function sequenceReader(
  parsed: ParsedConfig,
  { tokenizer, maxLength }: Tokenization,
): RowReader<TextExample> {
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
function promptReader(
  parsed: ParsedConfig,
  { tokenizer, maxLength }: Tokenization,
): RowReader<TextExample> {
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

function datasetOf(
  { examples, targets, questions, emptyTexts }: ReadRows<TextExample>,
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
