import { ConfigError } from '../config/parse.ts';
import { type Help, mending } from '../config/request.ts';
import type { Place } from './table.ts';

/** An error at a place of a data file; told like those of the config, since the two are mended together. */
export class DataProblem extends ConfigError {
  constructor(file: string, { line, column, row }: Place, message: string, help: Help) {
    super([
      {
        file,
        line,
        column,
        endLine: line,
        endColumn: column + 1,
        path: [],
        message: row === undefined ? message : `row ${row}: ${message}`,
        ...mending(help),
      },
    ]);
  }
}
