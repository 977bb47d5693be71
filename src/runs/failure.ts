import * as z from 'zod';

export const failureCode = z.enum([
  'outOfMemory',
  /** The loss of a group is NaN or infinite. */
  'nonFiniteLoss',
  /** A group has a zero gradient, and the config asks to fail on that. */
  'zeroGroup',
  'diskFull',
  'deviceLost',
  /** A checkpoint cannot be read. */
  'badCheckpoint',
  /** Another process has taken over the run. It is never in a log: that belongs to the other process. */
  'ownershipLost',
  'unknown',
]);

/** Why a run failed. */
export const failureSchema = z.object({
  /** A later version may know more codes. */
  code: failureCode.catch('unknown'),
  /** What happened. */
  message: z.string(),
  /** What to do about it. */
  advice: z.string().exactOptional(),
  /** Option of `grain run --resume` that is likely to help. */
  remedy: z.literal('checkpointing').exactOptional(),
});

export type RunFailure = Readonly<z.infer<typeof failureSchema>>;

/** "Out of memory at step 12. A batch of 16 fits." */
export function formatFailure({ message, advice }: RunFailure): string {
  return advice === undefined ? message : `${message.replace(/\.$/, '')}. ${advice}`;
}
