const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** One press of Ctrl-C may arrive more than once: from the terminal, and again from npm or whatever else started this process. */
const ECHO_MS = 1_000;

/**
 * From now on the first SIGINT or SIGTERM asks this process to end by itself; one that comes later than an echo kills it.
 * @param onRequest is called at the first
 * @returns tells whether the process was asked
 */
export function awaitInterruption(onRequest: () => void): () => boolean {
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
