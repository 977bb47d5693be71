/** A checkpoint's files cannot be used; the message names the file, says why and what would do. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}
