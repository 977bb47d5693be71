/** The Python child that has the tensors of a run: requests and replies over its own pipes. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DiskFullError } from '../../config/errors.ts';
import { packagesFolder } from '../../environments/carried.ts';
import { CheckpointError } from '../../hub/checkpointFile.ts';
import { BackendUnavailable } from '../interface/backend.ts';
import { DeviceLostError, OutOfMemoryError } from '../interface/deviceErrors.ts';
import { encodeFrame, FrameDecoder, type Message } from './frames.ts';
import {
  type CallKind,
  calls,
  greeting,
  incoming,
  PROTOCOL,
  type Ready,
  type ReplyOf,
  type RequestOf,
} from './messages.ts';

/** Checkpoint and settings do not fit together. */
export class TorchModelError extends Error {
  override readonly name = 'TorchModelError';
}

interface Pending {
  readonly kind: CallKind;
  resolve(reply: Message): void;
  reject(error: Error): void;
  onProgress?: ((done: number) => void) | undefined;
}

/** Seconds without a sign of life after which the child hangs; it gives one every 2. */
const HANGS_AFTER_S = Number(process.env.GRAIN_TORCH_TIMEOUT ?? 120);
/** Importing PyTorch for the first time may read gigabytes from a slow disk. */
const STARTS_WITHIN_S = Math.max(HANGS_AFTER_S, 600);
/** As `python -m grain_backend`, which would also look for modules in the working directory: there `queue.py` is a user's own. */
const START =
  'import sys; sys.path[:] = filter(None, sys.path); from grain_backend.__main__ import main; main()';
/** Characters of what the child printed last that an error repeats. */
const LAST_WORDS = 2_000;

export class TorchProcess {
  readonly #python: string;
  readonly #child: ChildProcess;
  readonly #requests: Writable;
  readonly #decoder = new FrameDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #greeting = Promise.withResolvers<Ready>();
  readonly #closed = Promise.withResolvers<void>();
  #isGreeted = false;
  #nextId = 1;
  /** Why calls can no longer be answered. */
  #ended: Error | undefined;
  #words = '';
  #heardAt = performance.now();
  #checkedAt = performance.now();
  #watch: NodeJS.Timeout;

  /**
   * Starts the child and waits until PyTorch is imported.
   *
   * @throws BackendUnavailable if packages are missing, or the child ends
   */
  static async start(python: string): Promise<{ process: TorchProcess; ready: Ready }> {
    const process = new TorchProcess(python);
    try {
      return { process, ready: await process.#greeting.promise };
    } catch (error) {
      await process.close();
      throw error;
    }
  }

  private constructor(python: string) {
    this.#python = python;
    this.#child = spawn(python, ['-u', '-c', START], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PYTHONPATH: [packagesFolder(), process.env.PYTHONPATH].filter(Boolean).join(path.delimiter),
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        TOKENIZERS_PARALLELISM: 'false',
        HF_HUB_OFFLINE: '1',
        // Threads that wait by spinning take the cores from this process, which needs them between two requests.
        OMP_WAIT_POLICY: process.env.OMP_WAIT_POLICY ?? 'passive',
      },
    });
    this.#greeting.promise.catch(() => {});
    const { stdout, stderr, stdio } = this.#child;
    for (const stream of [stdout!, stderr!]) stream.on('data', (data) => this.#hearWords(data));
    this.#requests = stdio[3] as Writable;
    const replies = stdio[4] as Readable;
    // The child's exit reports its death.
    this.#requests.on('error', () => {});
    replies.on('error', () => {});
    replies.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#child.once('error', (error) => this.#end(`cannot be started: ${error.message}`));
    this.#child.once('close', (code, signal) => {
      this.#end(signal ? `was killed by ${signal}` : `ended with exit code ${code}`);
      this.#closed.resolve();
    });
    this.#watch = setInterval(() => this.#checkAlive(), 500).unref();
  }

  /**
   * @param onProgress called while a long request is worked on; if it rejects, the request is cancelled
   * @throws OutOfMemoryError, DiskFullError, TorchModelError, CheckpointError or Error, as the child says
   * @throws DeviceLostError with its last words, if the child is dead or hangs
   */
  async call<K extends CallKind>(
    kind: K,
    request: RequestOf<K>,
    onProgress?: (done: number) => Promise<void>,
  ): Promise<ReplyOf<K>> {
    if (this.#ended) throw this.#ended;
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const progress = new Progress(onProgress, (error) => {
      this.#send({ kind: 'cancel', id });
      this.#pending.delete(id);
      reject(error);
    });
    this.#pending.set(id, { kind, resolve, reject, onProgress: progress.report });
    this.#send({ kind, id, ...request });
    const reply = calls[kind].reply.parse(await promise);
    await progress.settled;
    return reply as ReplyOf<K>;
  }

  /** Whether calls can no longer be answered. */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Ends the child. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#requests.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000).unref();
    if (this.#child.pid !== undefined) await this.#closed.promise;
    clearTimeout(timer);
  }

  #send(message: Message): void {
    this.#requests.cork();
    for (const part of encodeFrame(message)) this.#requests.write(part);
    this.#requests.uncork();
  }

  #hear(chunk: Buffer): void {
    this.#heardAt = performance.now();
    try {
      for (const message of this.#decoder.push(chunk)) this.#receive(message);
    } catch (error) {
      this.#end(`sent what is not a message: ${(error as Error).message}`);
      this.#child.kill('SIGKILL');
    }
  }

  #receive(message: Message): void {
    if (!this.#isGreeted && message.kind !== 'alive') {
      this.#isGreeted = true;
      this.#greet(greeting.parse(message));
      return;
    }
    const heard = incoming.parse(message);
    if (heard.kind === 'alive') return;
    const pending = this.#pending.get(heard.id);
    if (!pending) return;
    if (heard.kind === 'progress') {
      pending.onProgress?.(heard.done);
      return;
    }
    this.#pending.delete(heard.id);
    if (heard.kind === 'reply') pending.resolve(heard);
    else pending.reject(errorOf(heard.code, heard.message));
  }

  #greet(heard: ReturnType<typeof greeting.parse>): void {
    const problem =
      heard.protocol !== PROTOCOL
        ? new BackendUnavailable(
            `${heard.executable} speaks version ${heard.protocol} of the protocol, GRAIN version ${PROTOCOL}`,
            'please report this as a bug',
          )
        : heard.kind === 'unusable'
          ? missingPackages(heard)
          : null;
    if (problem) this.#greeting.reject(problem);
    else this.#greeting.resolve(heard as Ready);
  }

  #hearWords(data: Buffer): void {
    this.#words = (this.#words + data.toString()).slice(-LAST_WORDS);
  }

  #checkAlive(): void {
    const limit = this.#isGreeted ? HANGS_AFTER_S : STARTS_WITHIN_S;
    const now = performance.now();
    // This process was suspended, as by Ctrl-Z: what the child sent meanwhile has yet to be read.
    if ((now - this.#checkedAt) / 1_000 > limit / 2) this.#heardAt = now;
    this.#checkedAt = now;
    if ((now - this.#heardAt) / 1_000 < limit) return;
    this.#end(`gave no sign of life for ${limit} s`);
    this.#child.kill('SIGKILL');
  }

  #end(how: string): void {
    if (this.#ended) return;
    const words = this.#words.trim();
    const said = words === '' ? '' : `. Its last words: ${words.split('\n').slice(-8).join('\n')}`;
    this.#ended = new DeviceLostError(`The Python process of device torch ${how}${said}`);
    clearInterval(this.#watch);
    const lastLine = words === '' ? '' : `: ${words.split('\n').at(-1)}`;
    this.#greeting.reject(
      new BackendUnavailable(
        `${this.#python} ${how}${lastLine}`,
        `${this.#python} -c 'import torch, transformers, peft'`,
      ),
    );
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

/** Calls a listener that takes its time, one call after another, with the latest progress. */
class Progress {
  readonly report: (done: number) => void;
  settled: Promise<void> = Promise.resolve();

  constructor(
    listener: ((done: number) => Promise<void>) | undefined,
    onError: (error: Error) => void,
  ) {
    this.report = (done) => {
      this.settled = this.settled.then(() => listener?.(done)).catch(onError);
    };
  }
}

function missingPackages({
  python,
  executable,
  missing,
}: {
  python: string;
  executable: string;
  missing: readonly string[];
}): BackendUnavailable {
  return new BackendUnavailable(
    `${executable} (Python ${python}) lacks ${missing.join(', ')}`,
    `${executable} -m pip install ${missing.join(' ')}`,
  );
}

function errorOf(code: string, message: string): Error {
  switch (code) {
    case 'outOfMemory':
      return Object.assign(new OutOfMemoryError(0), { message: message.split('\n')[0]! });
    case 'diskFull':
      return new DiskFullError(message);
    case 'badModel':
      return new TorchModelError(message);
    case 'badCheckpoint':
      return new CheckpointError(message);
    case 'badData':
      return new Error(message);
    default:
      return new Error(`PyTorch: ${message}`);
  }
}
