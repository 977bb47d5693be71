import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';

/** A file that is written at places, and left as it is before and behind them. */
export class IndexFile {
  readonly path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** From now on the file is written that is there now, or is created, even if it is deleted. @throws as `openSync` does */
  hold(): number {
    this.#descriptor ??= openSync(this.path, constants.O_RDWR | constants.O_CREAT);
    return this.#descriptor;
  }

  /** @throws as `openSync` and `writeSync` do, and if the disk takes only a part */
  write(bytes: Buffer, at: number): void {
    const written = writeSync(this.hold(), bytes, 0, bytes.length, at);
    if (written === bytes.length) return;
    const message = `only ${written} of ${bytes.length} bytes of an index could be written`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  }

  /** Whether the file that is held is still the one at the path. */
  get isInPlace(): boolean {
    if (this.#descriptor === undefined) return true;
    return fstatSync(this.#descriptor).ino === statSync(this.path, { throwIfNoEntry: false })?.ino;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
