import type { ParsedConfig } from '../config/parse.ts';
import { Memo } from './memo.ts';

/** Data that were read at some points of a grid, for other points at which the same would be read. */
export class DataReads {
  readonly #reads = new Memo();

  /** @param by what decides beside the config: which kind of examples and, of texts, how they are tokenized */
  of<T>({ config }: ParsedConfig, by: readonly unknown[], read: () => Promise<T>): Promise<T> {
    const { task, data, groups } = config;
    return this.#reads.of([task, data, groups.by, by], read);
  }
}
