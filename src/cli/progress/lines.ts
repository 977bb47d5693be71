import { describe } from '../../runs/describe.ts';
import { type ProgressView, titleOf } from './view.ts';

/** For a pipe or a file: a line for each thing worth reading, none for single steps. */
export const lineView: ProgressView = {
  loading({ what, bytes }) {
    if (!bytes) line(what);
    else if (bytes.done === bytes.total) line(`${what}: ${inMegabytes(bytes.total)} MB, done`);
  },
  created({ device }, runs) {
    line(`${runs.length} ${runs.length === 1 ? 'run' : 'runs'} on ${device.name}`);
  },
  event(run, event) {
    const text = describe(event);
    if (text !== null && event.kind !== 'checkpoint') line(`[${titleOf(run)}] ${text}`);
  },
  note: line,
  close() {},
};

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function line(text: string): void {
  process.stderr.write(`${text}\n`);
}
