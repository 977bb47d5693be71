import { existsSync } from 'node:fs';
import path from 'node:path';
import { nearest } from './nearest.ts';
import { ConfigError, type Position } from './parse.ts';
import type { Config } from './schema.ts';

type Key = readonly (string | number)[];

/** How to mend what is wrong. */
export interface Help {
  readonly expected: string;
  /** What is wrong is a name that none of the valid ones equals: one that is near is offered. */
  readonly name?: { readonly wrong: string; readonly valid: readonly string[] };
}

/** A config to be trained, and where each of its keys is written, to point at what is wrong. */
export class Request {
  readonly config: Config;
  /** The config file as the user named it. */
  readonly file: string;
  readonly #position: (path: Key) => Position;

  constructor(config: Config, file: string, position: (path: Key) => Position) {
    this.config = config;
    this.file = file;
    this.#position = position;
  }

  /** Paths in the config are relative to this folder. */
  get folder(): string {
    return path.dirname(this.file);
  }

  /** An error at a key of the config. */
  problem(key: Key, message: string, help: Help): ConfigError {
    return new ConfigError([
      { file: this.file, ...this.#position(key), path: [...key], message, ...mending(help) },
    ]);
  }

  /** Path of a data file. @throws ConfigError if it is not there */
  dataFile(key: 'train' | 'validation'): string {
    const named = this.config.data[key];
    const file = path.isAbsolute(named) ? named : path.join(this.folder, named);
    if (existsSync(file)) return file;
    throw this.problem(['data', key], `there is no file ${file}`, {
      expected: 'the path of a CSV, TSV, JSONL or Parquet file, relative to the config',
    });
  }
}

/** The fields of a diagnostic that say what would be right. */
export function mending({ expected, name }: Help): { expected: string; suggestion?: string } {
  const suggestion = name && nearest(name.wrong, name.valid);
  return { expected, ...(suggestion && { suggestion }) };
}
