/**
 * Is told how far something long has come, 0…1, and awaited: signals are heard meanwhile. What it throws ends the thing, which
 * then leaves no tensors behind.
 */
export type OnProgress = (done: number) => Promise<void>;

/** For a part of the whole that is told to `onProgress`: the one from `from` to `to`. */
export function partialProgress(onProgress: OnProgress, from: number, to: number): OnProgress {
  return (done) => onProgress(to - (1 - done) * (to - from));
}
