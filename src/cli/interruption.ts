/** Ctrl-C, `kill` and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One press of Ctrl-C may arrive twice: from the terminal and from npm, or whatever else started this process. */
const ECHO_MS = 1_000;

/**
 * From now on the first SIGINT, SIGTERM or SIGHUP only calls `onRequest`; another one, later than an echo, kills the process.
 * @returns a function that says whether a signal has arrived
 */
export function onInterruption(onRequest: () => void): () => boolean {
  let isRequested = false;
  const request = () => {
    if (isRequested) return;
    isRequested = true;
    setTimeout(() => {
      for (const signal of SIGNALS) process.off(signal, request);
    }, ECHO_MS).unref();
    onRequest();
  };
  for (const signal of SIGNALS) process.on(signal, request);
  return () => isRequested;
}
