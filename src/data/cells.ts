import path from 'node:path';
import { DataError, FIRST_POSITION, type Row, type Table, WrittenNumber } from './table.ts';

/** The texts that an example consists of. */
interface RowTexts {
  /** Text of each column; empty or blank if its cell is. */
  readonly byColumn: ReadonlyMap<number, string>;
  /** Columns whose cells are empty, blank or missing. */
  readonly empty: readonly number[];
}

interface NumberOptions {
  /** The number is divided by it. */
  readonly scale?: number;
  /** What the user can do instead of fixing the cell. */
  readonly remedy: string;
}

/** A decimal number, as every language writes it: no hexadecimal digits, no underscores, no infinity. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Longest text, in UTF-16 units: far more than any model reads, and tokenizers need a hundred times its memory. */
const MAX_TEXT = 4_000_000;

/** Longest label. */
const MAX_LABEL = 1000;

/** Cells of which only the number and the first place are remembered. */
interface Cells {
  readonly count: number;
  readonly first: string;
}

function counted(before: Cells | null, row: Row, column: number): Cells {
  return { count: (before?.count ?? 0) + 1, first: before?.first ?? placeOf(row, column) };
}

/** Characters of two or three bytes in UTF-8 that were read as one each: "Ã©" for é, "â€™" for ’. */
const MISDECODED =
  /[ÂÃ][\u0080-\u00bf]|â(?:€[\u0080-\u00bf‘’“”•–—˜™š›œžŸ¦¡¢]|\u0080[\u0080-\u00bf])/;

/** Whether a text is a finite number, apart from white space around it. */
export function isNumeric(text: string): boolean {
  return NUMBER.test(plainTrim(text));
}

/** Without white space around it as numbers may have it: no no-break spaces and no byte order marks, which pandas does not skip either. */
function plainTrim(text: string): string {
  return text.replace(/^[ \t\r\n\v\f]+/, '').replace(/[ \t\r\n\v\f]+$/, '');
}

/** What a value is called in messages. */
type Kind = 'text' | 'number' | 'boolean';

/** Reads the cells of a table, each as what its column is used for. */
export class CellReader {
  readonly #table: Table;
  readonly #missing: ReadonlySet<string>;
  /** Kind of the first label of each column, and where it is. */
  readonly #labelKinds = new Map<number, { readonly kind: Kind; readonly where: string }>();

  #undecoded: Cells | null = null;
  #misdecoded: Cells | null = null;

  /** @param missing words that stand for a missing value */
  constructor(table: Table, missing: readonly string[]) {
    this.#table = table;
    this.#missing = new Set(missing);
  }

  /** Texts and labels of UTF-8 that was decoded as WINDOWS-1252, and where the first is; null if there are none. */
  get misdecoded(): Cells | null {
    return this.#misdecoded;
  }

  /** Texts and labels with U+FFFD, which stands for bytes that were not decoded; null if there are none. */
  get undecoded(): Cells | null {
    return this.#undecoded;
  }

  /** Reads a number, or the text of one. @throws DataError unless float32 can hold it */
  number(row: Row, column: number, { scale = 1, remedy }: NumberOptions): number {
    const cell = row.cells[column];
    const text = writtenIn(cell)?.trim() ?? '';
    const value =
      typeof cell !== 'boolean' && isNumeric(writtenIn(cell) ?? '') ? Number(text) : Number.NaN;
    this.#checkNotMissing(row, column, text, 'a number', remedy);
    if (Number.isFinite(Math.fround(value / scale))) return value / scale;
    const comma = /^[+-]?\d+,\d+$/.test(text) ? '. Write decimals with a point' : '';
    const found = Number.isFinite(value) ? 'is too large for float32' : 'is not a number';
    throw this.#error(row, column, found, `a finite number${comma}. ${this.#fix}, or ${remedy}`);
  }

  /**
   * Reads a label as it is written: a text, a number or a boolean.
   * @throws DataError if it is missing, NaN or infinite, or of another kind than the first: "1" and 1 would become one class
   */
  label(row: Row, column: number): string {
    const cell = row.cells[column];
    const text = writtenIn(cell);
    if (text === null || text.trim() === '') {
      throw this.#error(row, column, 'is not a label', `a text or a number. ${this.#fix}`);
    }
    this.#checkLength(row, column, text, MAX_LABEL);
    this.#checkNotMissing(row, column, text, 'a label', 'remove the word from data.missing');
    this.#checkWellFormed(row, column, text);
    const kind = kindOf(cell);
    if (kind === 'number' && !isNumeric(text)) {
      throw this.#error(row, column, 'is not a label', `a finite number. ${this.#fix}`);
    }
    const first = this.#labelKinds.get(column);
    if (!first) {
      this.#labelKinds.set(column, { kind, where: placeOf(row, column) });
    } else if (first.kind !== kind) {
      const expected = `a ${first.kind}, as in ${first.where}. Write all values of a column in one way`;
      throw this.#error(row, column, `is a ${kind}`, expected);
    }
    return text;
  }

  /** Reads a text, unchanged; numbers as they are written. @throws DataError for other values, and for empty and missing texts */
  text(row: Row, column: number): string {
    const cell = row.cells[column];
    const text = typeof cell === 'boolean' ? null : writtenIn(cell);
    if (text === null || text.trim() === '') {
      const expected = `a text that is not empty. ${this.#fix}`;
      throw this.#error(row, column, 'is not a text', expected);
    }
    this.#checkLength(row, column, text, MAX_TEXT);
    this.#checkNotMissing(row, column, text, 'a text', 'remove the word from data.missing');
    this.#checkWellFormed(row, column, text);
    return text;
  }

  /** Reads the texts of several columns. @throws DataError for values that are not texts, and if all are empty */
  texts(row: Row, columns: Iterable<number>): RowTexts {
    const all = [...columns];
    if (all.length === 1) {
      return { byColumn: new Map([[all[0]!, this.text(row, all[0]!)]]), empty: [] };
    }
    const empty = all.filter((column) => isEmpty(row.cells[column]));
    if (empty.length > 0 && empty.length === all.length) {
      const names = all.map((column) => `"${this.#table.columns[column]}"`).join(', ');
      throw new DataError(
        this.#table.file,
        row.position(all[0]!),
        `all texts are empty: columns ${names}`,
        { expected: `at least one text. ${this.#fix}` },
      );
    }
    const textOf = (column: number) =>
      empty.includes(column) ? String(row.cells[column] ?? '') : this.text(row, column);
    return { byColumn: new Map(all.map((column) => [column, textOf(column)])), empty };
  }

  #checkNotMissing(row: Row, column: number, text: string, wanted: string, remedy: string): void {
    const word = text.trim();
    if (!this.#missing.has(word)) return;
    const expected = `${wanted}. ${this.#fix}, or ${remedy}`;
    throw this.#error(row, column, 'stands for a missing value', expected);
  }

  #checkLength(row: Row, column: number, text: string, most: number): void {
    if (text.length <= most) return;
    const expected = `at most ${most}. Was a quote forgotten? ${this.#fix}`;
    throw this.#error(row, column, `has ${text.length} characters`, expected);
  }

  /** Tokenizers and logs are UTF-8, in which all halves of characters would become the same U+FFFD. */
  #checkWellFormed(row: Row, column: number, text: string): void {
    if (text.includes('\ufffd')) this.#undecoded = counted(this.#undecoded, row, column);
    if (MISDECODED.test(text)) this.#misdecoded = counted(this.#misdecoded, row, column);
    if (!/\p{Surrogate}/u.test(text)) return;
    const expected = `whole characters. ${this.#fix}`;
    throw this.#error(row, column, 'has half a character (a lone surrogate)', expected);
  }

  #error(row: Row, column: number, problem: string, expected: string): DataError {
    const { file, columns } = this.#table;
    const message = `${shown(row.cells[column])} in column "${columns[column]}" ${problem}`;
    return new DataError(file, row.position(column), message, { expected });
  }

  /** How the user can fix a cell. */
  get #fix(): string {
    const { dataset } = this.#table;
    if (dataset === undefined) return 'Fix the cell or remove its row';
    return `${dataset} is a dataset on the Hub: copy the file, fix the cell or remove its row there, and use the copy instead of data.from`;
  }
}

/** @throws DataError for a table without rows, or without those that `data.dropIncomplete` left out */
export function checkNotEmpty(table: Table & { dropped: { count: number } }, rows: number): void {
  if (rows > 0) return;
  const { count } = table.dropped;
  if (count > 0) {
    const message = `no row is complete: data.dropIncomplete left out ${count === 1 ? 'the only one' : `all ${count}`}`;
    throw new DataError(table.file, FIRST_POSITION, message, {
      expected:
        'rows in which no cell that is used is empty or missing. Is one of the columns empty throughout?',
    });
  }
  throw new DataError(table.file, FIRST_POSITION, 'the file has no examples', {
    expected: 'at least one row',
  });
}

/** Whether a cell is empty or blank, or stands for a missing value. @param words that do */
export function isMissing(cell: unknown, words: ReadonlySet<string>): boolean {
  return isEmpty(cell) || words.has(writtenIn(cell)?.trim() ?? '');
}

/** Where a cell is, as messages about other places name it. */
export function placeOf(row: Row, column: number): string {
  const { line, row: number, file } = row.position(column);
  const place = number === undefined ? `line ${line}` : `row ${number}`;
  return file === undefined ? place : `${place} of ${path.basename(file)}`;
}

/** A text, number or boolean as the file writes it; null for other values. */
export function writtenIn(cell: unknown): string | null {
  if (typeof cell === 'string') return cell;
  if (cell instanceof WrittenNumber) return cell.text;
  return typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : null;
}

function kindOf(cell: unknown): Kind {
  if (typeof cell === 'string') return 'text';
  return typeof cell === 'boolean' ? 'boolean' : 'number';
}

function isEmpty(cell: unknown): boolean {
  return cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
}

/** How much of a cell a message shows. */
const SHOWN = 60;

function shown(cell: unknown): string {
  if (cell === undefined) return 'nothing';
  if (cell === '') return 'an empty cell';
  if (cell instanceof Uint8Array) return 'a value of bytes that are not UTF-8';
  if (typeof cell === 'string') {
    const text = JSON.stringify(cell.slice(0, SHOWN));
    return cell.length > SHOWN ? `${text.slice(0, -1)}…"` : text;
  }
  if (cell === null) return 'null';
  if (typeof cell === 'object' && !(cell instanceof WrittenNumber)) {
    return Array.isArray(cell) ? 'a list' : 'an object';
  }
  return writtenIn(cell) ?? String(cell);
}
