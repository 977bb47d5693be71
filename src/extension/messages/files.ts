/** Requests of any page to keep what it shows outside of it. */
import * as z from 'zod';

export const saveRequest = z.object({
  type: z.literal('save'),
  /** Proposed name of the file, without its extension. */
  name: z.string().max(200),
  format: z.enum(['png', 'svg', 'csv', 'md']),
  /** Text; of a PNG its bytes in base64. */
  content: z.string(),
});
export type SaveRequest = z.infer<typeof saveRequest>;

export const copyRequest = z.object({ type: z.literal('copy'), text: z.string() });

export const fileRequest = z.discriminatedUnion('type', [saveRequest, copyRequest]);
export type FileRequest = z.infer<typeof fileRequest>;
