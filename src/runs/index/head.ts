/** `head`: a checksum, and up to where a log is indexed, and its digest there. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { hasCode } from '../../config/errors.ts';
import { DIAGNOSTICS_VERSION } from '../../engine/version.ts';
import { runFile } from '../grainFolder.ts';
import type { Place } from '../tail.ts';
import { digestSchema } from './digest.ts';
import { storedLinesSchema } from './rareLines.ts';

/** Of the index's files. */
const VERSION = 3;
const NAME = `${VERSION}.${DIAGNOSTICS_VERSION}`;

const headSchema = z.object({
  version: z.literal(VERSION),
  /** The engine that derived what is in the index. */
  engine: z.literal(DIAGNOSTICS_VERSION),
  /** Names of the series, in the order of the records. */
  series: z.array(z.string()),
  /** The place in the log behind the last line indexed: offset, and length and CRC-32 of the bytes before it. */
  log: z.object({ offset: z.number(), mark: z.number(), crc: z.number() }),
  /** How many steps are indexed. */
  steps: z.number(),
  /** Of `rare.jsonl`. */
  rare: storedLinesSchema,
  digest: digestSchema,
});

export type Head = z.infer<typeof headSchema>;

/** What a head says about one log. */
export interface LocatedHead {
  readonly head: Head;
  readonly place: Place;
}

/** The folder of a run's index: versions that differ keep theirs apart. */
export function indexFolder(run: string): string {
  return path.join(runFile(run, 'index'), NAME);
}

/** Removes indexes of other versions. */
export function removeOtherIndexes(run: string): void {
  const folder = runFile(run, 'index');
  try {
    for (const name of readdirSync(folder)) {
      if (name !== NAME) rmSync(path.join(folder, name), { recursive: true });
    }
  } catch {
    // There is none, or it may not be changed.
  }
}

export function headOf(place: Place, of: Pick<Head, 'series' | 'steps' | 'rare' | 'digest'>): Head {
  const log = { offset: place.offset, mark: place.mark.length, crc: crc32(place.mark) };
  return { version: VERSION, engine: DIAGNOSTICS_VERSION, log, ...of };
}

/** @param folder of the index, which is created */
export function writeHead(folder: string, head: Head): void {
  mkdirSync(folder, { recursive: true });
  // Not synchronised with the disk: after a power failure a torn head is made anew.
  const text = JSON.stringify(head);
  writeFileAtomic.sync(headFile(folder), `${crc32(text)}\n${text}\n`, { fsync: false });
}

/**
 * The head of a run's index, if there is one of this version and this log.
 * @param folder of the index @param run folder of the run
 */
export async function readHead(folder: string, run: string): Promise<LocatedHead | null> {
  const head = await parsedHead(folder);
  if (!head) return null;
  const mark = await markOf(run, head);
  return mark && { head, place: { offset: head.log.offset, mark } };
}

async function parsedHead(folder: string): Promise<Head | null> {
  try {
    const [crc, text = ''] = (await readFile(headFile(folder), 'utf8')).split('\n');
    return crc === String(crc32(text)) ? headSchema.parse(JSON.parse(text)) : null;
  } catch {
    return null;
  }
}

/** The bytes of the log before the place, null if they are not those that were indexed. */
async function markOf(run: string, { log }: Head): Promise<Buffer | null> {
  const mark = Buffer.alloc(log.mark);
  try {
    const file = await open(runFile(run, 'events'), 'r');
    try {
      const { bytesRead } = await file.read(mark, 0, mark.length, log.offset - log.mark);
      return bytesRead === log.mark && crc32(mark) === log.crc ? mark : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function headFile(folder: string): string {
  return path.join(folder, 'head');
}
