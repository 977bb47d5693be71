import { parentPort, workerData } from 'node:worker_threads';

export interface Traffic {
  readonly kind: 'read' | 'copy';
  readonly address: number;
  readonly bytes: number;
  /** For a copy. */
  readonly to: number;
}

interface Exports {
  read(address: number, bytes: number): number;
  copy(address: number, bytes: number, to: number): void;
}

const { module, memory } = workerData as { module: WebAssembly.Module; memory: WebAssembly.Memory };
const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;

parentPort?.on('message', ({ kind, address, bytes, to }: Traffic) => {
  if (kind === 'read') exports.read(address, bytes);
  else exports.copy(address, bytes, to);
  parentPort?.postMessage(null);
});
