import { Worker } from 'node:worker_threads';

export const BEAT_MS = 2_000;

/**
 * A separate thread, so that long synchronous work on the main thread cannot delay it. It writes the file's first byte again, so that
 * the file system's clock stamps it, and holds the file open: a file that another process has put in its place is not touched.
 */
const source = `
  const { closeSync, openSync, readFileSync, writeSync } = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  const open = new Map();
  const brace = Buffer.from('{');
  parentPort.on('message', ({ file, token, isBeating }) => {
    try {
      if (isBeating) {
        const descriptor = openSync(file, 'r+');
        if (readFileSync(descriptor, 'utf8').includes(token)) open.set(token, descriptor);
        else closeSync(descriptor);
      } else if (open.has(token)) {
        closeSync(open.get(token));
        open.delete(token);
      }
    } catch {}
  });
  setInterval(() => {
    // The disk may be full or away for a while.
    for (const descriptor of open.values()) try { writeSync(descriptor, brace, 0, 1, 0); } catch {}
  }, ${BEAT_MS});
`;

let worker: Worker | undefined;
let beating = 0;

/**
 * Touches a file every other second until the process exits.
 * @param file contains a JSON object
 * @param token part of its content: another file of the same name is left alone
 * @returns a function that stops it
 */
export function beat(file: string, token: string): () => void {
  worker ??= start();
  beating++;
  worker.postMessage({ file, token, isBeating: true });
  return () => {
    worker?.postMessage({ file, token, isBeating: false });
    beating--;
    if (beating > 0) return;
    void worker?.terminate();
    worker = undefined;
  };
}

function start(): Worker {
  const started = new Worker(source, { eval: true, execArgv: [] });
  // It does not keep the process alive.
  started.unref();
  return started;
}
