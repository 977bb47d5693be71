import type { ProbeProgress } from '../../experiment/probe/result.ts';
import { formatBytes, formatCount, formatEvent } from '../../runs/format.ts';
import type { LoadingMessage } from '../../runs/loading.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';
import { TimeLeft } from './timeLeft.ts';
import { type ProgressView, titleOf } from './view.ts';

/** For a pipe or a file: a line for each event worth reading, none for single steps. */
export function lineView(): ProgressView {
  let left = new TimeLeft([]);
  return {
    loading({ what, bytes }) {
      if (!bytes) line(what);
      else if (bytes.done === bytes.total) line(`${what}: ${formatBytes(bytes.total)}, done`);
    },
    created({ device }, runs) {
      left = new TimeLeft(runs);
      line(`${formatCount(runs.length, 'run')} on ${device.name}`);
    },
    event(run, event) {
      left.add(run, event);
      const text = formatEvent(event);
      if (text === null || event.kind === 'checkpoint') return;
      line(`[${titleOf(run)}] ${text}${event.kind === 'end' ? ended(run) : ''}`);
    },
    note: line,
    close() {},
  };

  /** "; run 3/40, 5:20 left". */
  function ended(run: TrainingRun): string {
    const time = left.left;
    return `; run ${left.placeOf(run)}${time === null ? '' : `, ${time} left`}`;
  }
}

/** Often enough to look alive; a fast download would send thousands of messages a second. */
export const MESSAGE_MS = 200;

/** As `lineView`, and sends the program that started this process what is being loaded, on Node's IPC channel. */
export function ipcView(): ProgressView {
  const lines = lineView();
  let sentAt = Number.NEGATIVE_INFINITY;
  return {
    ...lines,
    loading(loading) {
      lines.loading(loading);
      const now = performance.now();
      // A download reports again soon; other loading does not.
      if (loading.bytes && now - sentAt < MESSAGE_MS) return;
      sentAt = now;
      send({ loading });
    },
  };
}

/** Ignores that the program that started this process may have exited: runs outlive it. */
export function send(message: LoadingMessage | ProbeProgress): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

function line(text: string): void {
  process.stderr.write(`${text}\n`);
}
