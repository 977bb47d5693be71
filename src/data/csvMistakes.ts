/** What is probably wrong with a CSV file that cannot be read as one. */
import { type FilePosition, TableFile } from './table.ts';
import { textChunks } from './textFile.ts';

const delimiters = [
  { delimiter: ';', name: 'semicolons', setting: 'data.delimiter: ";"' },
  {
    delimiter: '\t',
    name: 'tabs',
    setting: 'data.format: tsv, or data.delimiter: "\\t" if cells are quoted',
  },
  { delimiter: '|', name: 'vertical bars', setting: 'data.delimiter: "|"' },
  { delimiter: ',', name: 'commas', setting: 'data.format: csv' },
  { delimiter: ' ', name: 'spaces', setting: 'data.delimiter: " "' },
] as const;

/** The character that more likely separates the cells of a line. */
export function likelyDelimiter(
  line: string,
  { delimiter: used }: { readonly delimiter: string },
): (typeof delimiters)[number] | undefined {
  return delimiters.find(({ delimiter }) => delimiter !== used && line.trim().includes(delimiter));
}

/** What other programs write into the first line, which is not a row; null if it may be one. */
export function oddFirstLine(line: string): { message: string; expected: string } | null {
  if (/^sep=.\s*$/i.test(line)) {
    const message = 'the first line is a hint for Excel, not the names of the columns';
    return { message, expected: `the file without it. Remove the line ${line.trim()}` };
  }
  if (/^(?:#|\/\/)\s*\p{L}.*\s/u.test(line.trimEnd()) && !/[,;\t|]/.test(line)) {
    const message = 'the first line looks like a comment, which CSV does not have';
    return { message, expected: 'the names of the columns. Remove the line' };
  }
  return null;
}

/** A quote that makes a file invalid. */
export interface MisplacedQuote {
  readonly position: FilePosition;
  readonly message: string;
}

/**
 * Finds the first quote that is neither at the beginning nor at the end of a cell, or has no partner. The error belongs to the
 * quote that opened the cell: where a lone one is noticed may be thousands of lines further down.
 */
export async function misplacedQuote(
  path: string,
  delimiter: string,
  quote: string,
): Promise<MisplacedQuote | null> {
  const scan = new QuoteScan(delimiter, quote);
  for await (const text of textChunks(new TableFile(path, () => {}))) {
    const found = scan.push(text);
    if (found) return found;
  }
  return scan.end();
}

class QuoteScan {
  readonly #delimiter: string;
  readonly #quote: string;
  #line = 1;
  #column = 1;
  #before = '';
  /** `start`: where a cell may begin with a quote; `closed`: behind a quote that closes the cell, or is half of a pair. */
  #state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  #opened: FilePosition = { line: 1, column: 1 };

  constructor(delimiter: string, quote: string) {
    this.#delimiter = delimiter;
    this.#quote = quote;
  }

  push(text: string): MisplacedQuote | null {
    for (let i = 0; i < text.length; i++) {
      const char = text[i]!;
      const found = this.#take(char);
      if (found) return found;
      const isLineEnd = char === '\r' || (char === '\n' && this.#before !== '\r');
      if (isLineEnd) this.#line++;
      if (isLineEnd || char === '\n') this.#column = 1;
      else this.#column++;
      this.#before = char;
    }
    return null;
  }

  end(): MisplacedQuote | null {
    if (this.#state !== 'quoted') return null;
    return { position: this.#opened, message: 'the quote that opens here is never closed' };
  }

  #take(char: string): MisplacedQuote | null {
    const isEnd = char === this.#delimiter || char === '\n' || char === '\r';
    switch (this.#state) {
      case 'quoted':
        if (char === this.#quote) this.#state = 'closed';
        return null;
      case 'closed':
        if (!isEnd && char !== this.#quote) {
          const { line, column } = this.#opened;
          const where = `line ${this.#line}, column ${this.#column}`;
          const message = `the quote that opens here is closed before ${where}, where the cell goes on`;
          return { position: { line, column }, message };
        }
        this.#state = isEnd ? 'start' : 'quoted';
        return null;
      default:
        if (char === this.#quote && this.#state === 'plain') {
          const position = { line: this.#line, column: this.#column };
          return { position, message: 'a quote within a cell that does not begin with one' };
        }
        if (char === this.#quote) {
          this.#opened = { line: this.#line, column: this.#column };
          this.#state = 'quoted';
        } else {
          this.#state = isEnd ? 'start' : 'plain';
        }
        return null;
    }
  }
}
