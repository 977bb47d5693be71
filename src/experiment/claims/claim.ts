/** What `grain verify` says of a claim of the paper: figures with intervals, and a verdict that follows from them. */
import * as z from 'zod';
import { intervalSchema } from '../comparison.ts';
import type { Digits } from './digits.ts';
import type { ClaimRuns } from './trainings.ts';

export const verdictSchema = z.enum([
  'holds',
  'holds in part',
  'not shown',
  'does not hold',
  'not measured',
]);
export type ClaimVerdict = z.infer<typeof verdictSchema>;

const measurementSchema = z.object({
  what: z.string(),
  value: z.number(),
  /** 95 %; `null` where there is none. */
  interval: intervalSchema.nullable(),
});
export type Measurement = z.infer<typeof measurementSchema>;

const tableSchema = z.object({
  title: z.string(),
  head: z.array(z.string()),
  rows: z.array(z.array(z.string())),
  /** So many columns, from the left, are words; the others are numbers. */
  words: z.number(),
});
export type ClaimTable = z.infer<typeof tableSchema>;

export const foundSchema = z.object({
  /** On what, how large, how often. */
  scale: z.string(),
  verdict: verdictSchema,
  /** What the figures mean, sentence by sentence. */
  words: z.array(z.string()),
  measurements: z.array(measurementSchema),
  tables: z.array(tableSchema),
  /** By file name, SVG. */
  pictures: z.record(z.string(), z.string()),
});
export type Found = z.infer<typeof foundSchema>;

export interface Claim {
  /** On the command line. */
  readonly name: string;
  /** In the paper's terms, one sentence. */
  readonly claim: string;
  measure(context: ClaimContext): Promise<Found>;
}

export interface ClaimContext {
  readonly runs: ClaimRuns;
  readonly digits: Digits;
  /** Folder with data that no package carries; `null` if none was given. */
  readonly data: string | null;
  /** Folder for training sets that are made of it. */
  readonly made: string;
  /** The seeds 0, 1, …: as many as were asked for, else so many. */
  seeds(standard: number): readonly number[];
}
