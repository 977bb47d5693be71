/** The text of a config file. */
import { readFileSync, statSync } from 'node:fs';
import { FILE_START, type Position } from './diagnostic.ts';
import { decodeText, EncodingError } from './encoding.ts';
import { reasonOf } from './errors.ts';
import { foreignByContent } from './fileKinds.ts';

/** A config that is longer is probably another file. */
const MOST_BYTES = 2 ** 20;

/** A file that is no text of a config. */
export class ConfigTextError extends Error {
  override readonly name = 'ConfigTextError';
  readonly position: Position;
  readonly expected: string;

  constructor(message: string, expected: string, position = FILE_START) {
    super(message);
    this.expected = expected;
    this.position = position;
  }
}

/** @throws ConfigTextError for files that cannot be read, are not text, or are too long */
export function readConfigText(file: string): string {
  const bytes = bytesOf(file);
  const foreign = foreignByContent(file, bytes);
  if (foreign)
    throw new ConfigTextError(`the file is ${foreign.name}`, `${CONFIG}. ${foreign.advice}`);
  try {
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    const { line, column, message, expected } = error;
    const position = { line, column, endLine: line, endColumn: column + 1 };
    throw new ConfigTextError(message, expected, position);
  }
}

const CONFIG = 'the path of a config, YAML or JSON';

function bytesOf(file: string): Buffer {
  try {
    const found = statSync(file);
    if (found.isFile() && found.size <= MOST_BYTES) return readFileSync(file);
    throw new ConfigTextError(complaintAbout(found), CONFIG);
  } catch (error) {
    if (error instanceof ConfigTextError) throw error;
    throw new ConfigTextError(reasonOf(error), CONFIG);
  }
}

function complaintAbout(found: ReturnType<typeof statSync> & object): string {
  if (found.isDirectory()) return 'this is a folder, not a file';
  return found.isFile()
    ? `the file has ${found.size} bytes: it is too long for a config`
    : 'this is a device or a pipe, not a file';
}
