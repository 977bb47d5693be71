/**
 * Reports the progress of a long task, 0…1. It is awaited, so that signals are handled meanwhile. If it throws, the task ends
 * and disposes of its tensors.
 */
export type OnProgress = (done: number) => Promise<void>;

/** Maps the progress of a part, 0…1, to the range from `from` to `to` of the whole. */
export function partialProgress(onProgress: OnProgress, from: number, to: number): OnProgress {
  return (done) => onProgress(to - (1 - done) * (to - from));
}
