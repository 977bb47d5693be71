/** The one object that `grain run --json` prints on standard output: a report or, if nothing was trained, an error. */
import { z } from 'zod';
import { failureSchema } from '../runs/failure.ts';

const outcomeSchema = z.object({
  id: z.string(),
  aggregator: z.string(),
  seed: z.object({ init: z.number(), order: z.number() }),
  status: z.enum(['finished', 'stopped', 'failed']),
  /** Steps of the run, including those before it was resumed. */
  step: z.number(),
  /** Of the last validation; `null` for a value that is not finite. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Path of the run's folder. */
  folder: z.string(),
  failure: failureSchema.nullable(),
});

const reportSchema = z.object({
  experiment: z.object({ id: z.string(), name: z.string() }),
  device: z.object({ backend: z.string(), name: z.string() }),
  seconds: z.number(),
  /** In the order in which they were trained. */
  runs: z.array(outcomeSchema).readonly(),
});

/** As `Diagnostic` of config/diagnostic.ts. */
const diagnosticSchema = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  endLine: z.number(),
  endColumn: z.number(),
  message: z.string(),
  expected: z.string().exactOptional(),
  suggestion: z.string().exactOptional(),
  path: z.array(z.union([z.string(), z.number()])).readonly(),
});

const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    /** Mistakes in a file, if those are the reason; at least one. */
    diagnostics: z.array(diagnosticSchema).readonly().exactOptional(),
  }),
});

export const launchResultSchema = z.union([errorSchema, reportSchema]);
export type LaunchResult = z.infer<typeof launchResultSchema>;
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;
export type Report = Readonly<z.infer<typeof reportSchema>>;
