import { existsSync, realpathSync, statSync } from 'node:fs';
import { type FileHandle, readFile } from 'node:fs/promises';
import path from 'node:path';
import type * as z from 'zod';
import { reasonOf } from '../config/errors.ts';
import { foreignByContent, readHead } from '../config/fileKinds.ts';

/** A checkpoint's files cannot be used; the message names the file, the reason and what to do. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/** A JSON object whose fields have not been validated. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads JSON as Python writes it: a byte order mark is skipped, and NaN and Infinity are numbers.
 * @throws CheckpointError naming the file if it is missing, not UTF-8 or not valid JSON
 */
export async function readJson(file: string): Promise<unknown> {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)));
  } catch (error) {
    const foreign = foreignIn(file);
    const reason = foreign ?? reasonOf(error);
    const advice = repairAdvice(file);
    const message = `${file} cannot be read: ${reason}${advice ? `. ${advice}` : ''}`;
    throw new CheckpointError(message, { cause: error });
  }
}

/** How to replace a damaged file of the Hub's cache, which is downloaded again only if it is missing; null for other files. */
export function repairAdvice(file: string): string | null {
  if (!existsSync(file)) return null;
  const blob = realpathSync(file);
  const isCached = blob !== file && path.basename(path.dirname(blob)) === 'blobs';
  return isCached ? `Delete ${blob}, and it will be downloaded again` : null;
}

/** What a file is, and what to do, if its first bytes are a text that says so: a Git LFS pointer, or a page about the file. */
export function foreignIn(file: string): string | null {
  if (!existsSync(file) || !statSync(file).isFile()) return null;
  const head = readHead(file);
  if (head.some((byte) => byte < 0x09 || byte === 0xff)) return null;
  const foreign = foreignByContent(file, head);
  return foreign && `it is ${foreign.name}. ${foreign.advice}`;
}

/** Strings, which stay as they are, and the numbers that only Python's JSON has. */
const STRINGS_AND_NON_FINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
/** Begins a string that stands for such a number while the rest is parsed; escaped in JSON. */
const MARK = '\u0001';
const MARKED = new Set(['NaN', 'Infinity', '-Infinity'].map((number) => MARK + number));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const marked = text.replace(STRINGS_AND_NON_FINITE, (found) =>
      found.startsWith('"') ? found : JSON.stringify(MARK + found),
    );
    if (marked === text) throw error;
    try {
      return JSON.parse(marked, (_, value) =>
        MARKED.has(value) ? Number(value.slice(MARK.length)) : value,
      );
    } catch {
      throw error;
    }
  }
}

/** @throws CheckpointError naming the file if it is missing or does not hold a JSON object */
export async function readJsonObject(file: string): Promise<JsonObject> {
  const json = await readJson(file);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  throw new CheckpointError(`${file} is not a JSON object`);
}

/**
 * Validates JSON by a schema.
 * @param file named in errors
 * @throws CheckpointError naming the first field that does not match the schema
 */
export function validate<T>(schema: z.ZodType<T>, file: string, json: unknown): T {
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  const parts = [file, path.join('.'), message].filter((part) => part !== '');
  throw new CheckpointError(parts.join(': '));
}

/** Below the limit of one system call, 2³¹ − 1 bytes. */
const MAX_READ_BYTES = 2 ** 30;

/**
 * Fills a buffer from a position in a file.
 * @returns the number of bytes read; fewer than the buffer has if the file ends first
 */
export async function fillBytes(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, MAX_READ_BYTES);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
