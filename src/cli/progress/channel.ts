import type { Loading, LoadingMessage } from '../../runs/loading.ts';
import { lineView } from './lines.ts';
import type { ProgressView } from './view.ts';

/** Often enough to look alive; a fast download would tell thousands of times a second. */
const TELL_MS = 200;

/** For the program that started this process: what is being loaded, as messages on Node's IPC channel. Else like `lineView`. */
export function channelView(): ProgressView {
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    ...lineView,
    loading(loading) {
      lineView.loading(loading);
      const now = performance.now();
      // What has an end is told of again; what has none is not.
      if (loading.bytes && now - toldAt < TELL_MS) return;
      toldAt = now;
      tell(loading);
    },
  };
}

/** Runs outlive the program that started them. */
function tell(loading: Loading): void {
  const message: LoadingMessage = { loading };
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}
