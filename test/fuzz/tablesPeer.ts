/** The other programs that read tables: a Python that answers file by file. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { interpreter } from '../python/python.ts';
import type { FuzzedFormat } from './tables.ts';

/** A cell by its kind, with a text that is the same for the same value. */
export type PeerCell = readonly [kind: string, text: string];

export type PeerAnswer =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly PeerCell[])[] }
  | { readonly error: string };

const script = path.resolve(import.meta.dirname, '../python/tables_peer.py');

/** Damaged Parquet may crash Arrow itself: the process is started again. */
export class TablesPeer {
  #process: ChildProcessWithoutNullStreams | undefined;
  #lines: AsyncIterator<string> | undefined;
  #interface: Interface | undefined;

  async read(format: FuzzedFormat, bytes: Buffer): Promise<PeerAnswer> {
    if (!this.#process) this.#start();
    this.#process!.stdin.write(`${JSON.stringify({ format, bytes: bytes.toString('base64') })}\n`);
    const answer = await this.#lines!.next();
    if (!answer.done) return JSON.parse(answer.value) as PeerAnswer;
    this.end();
    return { error: 'the other program crashed' };
  }

  end(): void {
    this.#interface?.close();
    this.#process?.kill();
    this.#process = undefined;
  }

  #start(): void {
    this.#process = spawn(interpreter(), [script], { stdio: 'pipe' });
    this.#process.stdin.on('error', () => {}); // EPIPE, once it has crashed
    this.#process.stderr.resume();
    this.#interface = createInterface({ input: this.#process.stdout });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }
}
