/** Formats of a log that might have been: how each writes a step so that it survives a kill, and reads them. */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tableFromArrays, tableFromIPC, tableToIPC } from '@uwdata/flechette';
import { parseEvent, type StepEvent } from '../../src/runs/events.ts';
import { EventWriter } from '../../src/runs/eventWriter.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { RunLog } from '../../src/runs/runLog.ts';

/** Steps are logged one by one. */
export interface StepWriter {
  /** Once it returns, a kill loses no step of a format that promises that. */
  append(step: StepEvent): void;
  close(): void;
}

export interface Candidate {
  readonly name: string;
  open(folder: string, manifest: RunManifest): Promise<StepWriter> | StepWriter;
  /** Numbers of the steps that can be read after a kill. @throws if the file cannot be read */
  read(folder: string): number[];
}

export const candidates: Readonly<Record<string, Candidate>> = {
  plain: {
    name: 'JSON lines',
    open: (folder) => EventWriter.open(folder),
    read: readLines,
  },
  indexed: {
    name: '**JSON lines and index**',
    async open(folder, manifest) {
      const log = await RunLog.open(folder, { manifest, onEvent() {}, assertHeld() {} });
      return {
        append: ({ kind, at, ...facts }) => log.step(facts),
        close: () => log.close(),
      };
    },
    read: readLines,
  },
  packed: {
    name: 'JSON lines, lists as base64 of float64',
    open: (folder) => new PackedWriter(folder),
    read: readLines,
  },
  sqlite: {
    name: 'SQLite, write-ahead log',
    open: (folder) => new SqliteWriter(folder),
    read(folder) {
      const database = new DatabaseSync(path.join(folder, 'log.db'));
      const rows = database.prepare('SELECT step FROM steps ORDER BY step').all();
      database.close();
      return rows.map(({ step }) => Number(step));
    },
  },
  arrow: {
    name: 'Arrow, a record batch every 256 steps',
    open: (folder) => new ArrowWriter(folder),
    read(folder) {
      return readdirSync(path.join(folder, 'batches'))
        .map((name) => readFileSync(path.join(folder, 'batches', name)))
        .flatMap((bytes) => [...tableFromIPC(bytes).getChild('step')!].map(Number))
        .sort((a, b) => a - b);
    },
  },
};

/** Of all files in a folder. */
export function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
}

function readLines(folder: string): number[] {
  const text = readFileSync(runFile(folder, 'events'), 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line) => {
    const event = parseEvent(line);
    if (typeof event === 'object') return event.kind === 'step' ? [event.step] : [];
    return line.includes('"packed"') ? [Number(JSON.parse(line).step)] : [];
  });
}

/** Lists of numbers, of a step and of what is nested in it, as text of 8 bytes each. */
function packed(value: unknown): unknown {
  if (Array.isArray(value) && value.every((item) => typeof item === 'number' || item === null)) {
    const numbers = Float64Array.from(value, (item) => item ?? Number.NaN);
    return Buffer.from(numbers.buffer).toString('base64');
  }
  if (Array.isArray(value)) return value.map(packed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, packed(of)]));
}

class PackedWriter implements StepWriter {
  readonly #file: number;

  constructor(folder: string) {
    this.#file = openSync(runFile(folder, 'events'), 'a');
  }

  append(step: StepEvent): void {
    fstatSync(this.#file);
    writeSync(this.#file, `${JSON.stringify({ ...(packed(step) as object), kind: 'packed' })}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The numbers of a step, one after another. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value === null) return [Number.NaN];
  if (Array.isArray(value)) return value.flatMap(numbersOf);
  return typeof value === 'object' ? Object.values(value as object).flatMap(numbersOf) : [];
}

class SqliteWriter implements StepWriter {
  readonly #database: DatabaseSync;
  readonly #insert;

  constructor(folder: string) {
    this.#database = new DatabaseSync(path.join(folder, 'log.db'));
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS steps (step INTEGER PRIMARY KEY, at REAL, facts BLOB)',
    );
    this.#insert = this.#database.prepare('INSERT INTO steps VALUES (?, ?, ?)');
  }

  append({ kind, step, at, ...facts }: StepEvent): void {
    const bytes = new Uint8Array(Float64Array.from(numbersOf(facts)).buffer);
    this.#insert.run(step, at, bytes);
  }

  close(): void {
    this.#database.close();
  }
}

const BATCH = 256;

class ArrowWriter implements StepWriter {
  readonly #folder: string;
  #steps: StepEvent[] = [];
  #written = 0;

  constructor(folder: string) {
    this.#folder = path.join(folder, 'batches');
    mkdirSync(this.#folder, { recursive: true });
    this.#written = readdirSync(this.#folder).length;
  }

  append(step: StepEvent): void {
    this.#steps.push(step);
    if (this.#steps.length === BATCH) this.#write();
  }

  close(): void {
    if (this.#steps.length > 0) this.#write();
  }

  #write(): void {
    const rows = this.#steps.map(({ kind, step, at, ...facts }) => [step, at, ...numbersOf(facts)]);
    const columns = rows[0]!.map((_, i) => [
      i === 0 ? 'step' : i === 1 ? 'at' : `fact${i}`,
      Float64Array.from(rows, (row) => row[i]!),
    ]);
    const bytes = tableToIPC(tableFromArrays(Object.fromEntries(columns)), { format: 'stream' });
    const file = openSync(path.join(this.#folder, `${this.#written++}.arrow`), 'w');
    writeSync(file, bytes!);
    closeSync(file);
    this.#steps = [];
  }
}
