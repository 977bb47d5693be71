/** The one object that `grain run --json` prints on standard output: a report or, if nothing was trained, an error. */
import * as z from 'zod';
import type { Diagnostic } from '../config/diagnostic.ts';
import { type RunAlarm, runAlarmSchema } from '../runs/alarms.ts';
import type { EndEvent } from '../runs/events.ts';
import { failureSchema } from '../runs/failure.ts';
import { deviceSchema, experimentSchema, seedSchema } from '../runs/manifest.ts';
import { findingsSchema } from './findings.ts';
import { verdictSchema } from './verdict.ts';

const outcomeSchema = z.object({
  id: z.string(),
  aggregator: z.string(),
  seed: seedSchema,
  status: z.enum(['finished', 'stopped', 'failed']) satisfies z.ZodType<EndEvent['status']>,
  /** Steps of the run, including those before it was resumed. */
  step: z.number(),
  /** Of the last validation; `null` for a value that is not finite. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Path of the run's folder. */
  folder: z.string(),
  failure: failureSchema.nullable(),
  /** In the order in which they were raised. */
  alarms: z.array(runAlarmSchema as z.ZodType<RunAlarm>).readonly(),
});

const diagnosticSchema: z.ZodType<Diagnostic> = z.object({
  file: z.string(),
  severity: z.enum(['error', 'warning']),
  line: z.number(),
  column: z.number(),
  endLine: z.number(),
  endColumn: z.number(),
  message: z.string(),
  expected: z.string().exactOptional(),
  suggestion: z.string().exactOptional(),
  path: z.array(z.union([z.string(), z.number()])).readonly(),
} satisfies Record<keyof Diagnostic, z.ZodType>);

const reportSchema = z.object({
  experiment: experimentSchema,
  device: deviceSchema,
  seconds: z.number(),
  /** What is valid in the config, and was measured to do harm. */
  warnings: z.array(diagnosticSchema).readonly(),
  /** In the order in which they were trained. */
  runs: z.array(outcomeSchema).readonly(),
  /** Of the whole experiment, runs of earlier launches included. */
  verdict: verdictSchema,
  findings: findingsSchema,
});

export const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    /** Mistakes in a file, if those are the reason; at least one. */
    diagnostics: z.array(diagnosticSchema).readonly().exactOptional(),
  }),
});

export const launchResultSchema = z.union([errorSchema, reportSchema]);
export type ErrorResult = z.infer<typeof errorSchema>;
export type LaunchResult = z.infer<typeof launchResultSchema>;
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;
export type Report = Readonly<z.infer<typeof reportSchema>>;
