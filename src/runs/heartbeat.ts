import { Worker } from 'node:worker_threads';

const BEAT_MS = 2_000;

/** Runs in a thread of its own, so that no long synchronous step of the main thread can keep the heart from beating. */
const source = `
  const { utimesSync } = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  const files = new Set();
  parentPort.on('message', ({ file, isBeating }) => (isBeating ? files.add(file) : files.delete(file)));
  setInterval(() => {
    const now = new Date();
    // A file may be gone with its folder.
    for (const file of files) try { utimesSync(file, now, now); } catch {}
  }, ${BEAT_MS});
`;

let worker: Worker | undefined;
let beating = 0;

/**
 * Touches a file every other second for as long as this process lives.
 * @returns stops it
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
  // The process may end while its heart beats.
  started.unref();
  return started;
}
