import { Worker } from 'node:worker_threads';

const BEAT_MS = 2_000;

/** A separate thread, so that long synchronous work on the main thread cannot delay it. */
const source = `
  const { utimesSync } = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  const files = new Set();
  parentPort.on('message', ({ file, isBeating }) => (isBeating ? files.add(file) : files.delete(file)));
  setInterval(() => {
    const now = new Date();
    // The folder may have been deleted.
    for (const file of files) try { utimesSync(file, now, now); } catch {}
  }, ${BEAT_MS});
`;

let worker: Worker | undefined;
let beating = 0;

/**
 * Touches a file every other second until the process exits.
 * @returns a function that stops it
 */
export function beat(file: string): () => void {
  worker ??= start();
  beating++;
  worker.postMessage({ file, isBeating: true });
  return () => {
    worker?.postMessage({ file, isBeating: false });
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
