const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * From now on the first SIGINT or SIGTERM asks this process to end by itself; a second one kills it.
 * @param onRequest is called at the first
 * @returns tells whether the process was asked
 */
export function awaitInterruption(onRequest: () => void): () => boolean {
  let isRequested = false;
  const request = () => {
    isRequested = true;
    for (const signal of SIGNALS) process.off(signal, request);
    onRequest();
  };
  for (const signal of SIGNALS) process.on(signal, request);
  return () => isRequested;
}
