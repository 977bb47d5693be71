/** Runs as one table with a row for each number, as data frames take it. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { csvRow } from '../../config/csvRow.ts';
import type { RunManifest } from '../manifest.ts';
import type { Scalar } from './scalars.ts';

export interface ExportedRun {
  readonly manifest: RunManifest;
  readonly scalars: readonly Scalar[];
}

const NAMES = ['run', 'experiment', 'method', 'init', 'order', 'step', 'time', 'series', 'value'];

/** RFC 4180, with a header; a value that was not finite is NaN. */
export function* csvLines(runs: readonly ExportedRun[]): Generator<string> {
  yield `${csvRow(NAMES)}\n`;
  for (const { manifest, scalars } of runs) {
    const { id, experiment, aggregator, seed } = manifest;
    const own = [id, experiment.name, aggregator, seed.init, seed.order];
    for (const { step, at, series, value } of scalars) {
      yield `${csvRow([...own, step, new Date(at).toISOString(), series, value])}\n`;
    }
  }
}

export function parquetFile(runs: readonly ExportedRun[]): Uint8Array {
  const column = <T>(of: (run: RunManifest, scalar: Scalar) => T): T[] =>
    runs.flatMap(({ manifest, scalars }) => scalars.map((scalar) => of(manifest, scalar)));
  const text = (name: string, data: string[]) => ({ name, data, type: 'STRING' as const });
  const whole = (name: string, data: number[]) => ({ name, data, type: 'INT32' as const });
  const buffer = parquetWriteBuffer({
    columnData: [
      text(
        'run',
        column(({ id }) => id),
      ),
      text(
        'experiment',
        column(({ experiment }) => experiment.name),
      ),
      text(
        'method',
        column(({ aggregator }) => aggregator),
      ),
      whole(
        'init',
        column(({ seed }) => seed.init),
      ),
      whole(
        'order',
        column(({ seed }) => seed.order),
      ),
      whole(
        'step',
        column((_, { step }) => step),
      ),
      { name: 'time', data: column((_, { at }) => new Date(at)), type: 'TIMESTAMP' },
      text(
        'series',
        column((_, { series }) => series),
      ),
      { name: 'value', data: column((_, { value }) => value), type: 'DOUBLE' },
    ],
  });
  return new Uint8Array(buffer);
}
