/** What `grain run` and the driver of a Ray cluster say to each other, a JSON object a line; python/grain_ray/messages.py is the other side. */
import * as z from 'zod';

export type Request =
  | {
      readonly kind: 'begin';
      /** Of the cluster, as `ray.init` takes it. */
      readonly address: string;
      /** The folder that holds `.grain` and the project's files. */
      readonly root: string;
      /** Node's flags and the script of `grain`, relative to `ship` if that is sent. */
      readonly grain: readonly string[];
      /** Folder of the script that is sent to the nodes; null: it is there, under the same path. */
      readonly ship: string | null;
      readonly cpus: number;
      readonly gpus: number;
    }
  | { readonly kind: 'train'; readonly id: string; readonly folder: string }
  | { readonly kind: 'stop'; readonly id: string };

export const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ready'),
    nodes: z.int().nonnegative(),
    cpus: z.number().nonnegative(),
    gpus: z.number().nonnegative(),
  }),
  z.strictObject({ kind: z.literal('note'), text: z.string() }),
  z.strictObject({ kind: z.literal('ended'), id: z.string(), message: z.string() }),
]);

export type Answer = z.infer<typeof answerSchema>;
