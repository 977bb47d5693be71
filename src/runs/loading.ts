import * as z from 'zod';

/** Something is read or fetched before runs exist. */
const loadingSchema = z.object({
  /** What a person would call it. */
  what: z.string(),
  /** `null` if it is unknown how much there is to do. */
  bytes: z.object({ done: z.number(), total: z.number() }).nullable(),
});
export type Loading = Readonly<z.infer<typeof loadingSchema>>;

/** The message that `grain run --progress ipc` sends to the process that started it. */
export const loadingMessageSchema = z.object({ loading: loadingSchema });
export type LoadingMessage = z.infer<typeof loadingMessageSchema>;
