/** What the first rows of a data file show of its columns: enough to propose what to predict from what. */
import * as z from 'zod';
import { dataFormats } from '../../config/dataSchema.ts';

const columnSchema = z.object({
  name: z.string(),
  /** `numbers` if every cell that is not missing is one. */
  kind: z.enum(['numbers', 'texts', 'other']),
  /** Different values among the rows that were read. */
  distinct: z.number(),
  /** Some of them, as the file writes them; the most frequent first. */
  values: z.array(z.string()),
  /** Rows whose cell is empty or stands for a missing value. */
  missing: z.number(),
  /** Mean number of characters. */
  length: z.number(),
  /** Of numbers; null for other columns. */
  range: z.object({ min: z.number(), max: z.number(), whole: z.boolean() }).nullable(),
});

export const tableDescriptionSchema = z.object({
  /** Absolute path. */
  file: z.string(),
  format: z.enum(dataFormats),
  /** Of CSV. */
  delimiter: z.enum([',', ';', '\t', '|', ' ']).nullable(),
  /** Rows that were read: all, or the first ones of a long file. */
  rows: z.number(),
  columns: z.array(columnSchema),
  /** A file beside it that holds validation examples by its name; null if there is none. */
  validation: z
    .object({
      file: z.string(),
      /** Columns that it does not have. */
      lacks: z.array(z.string()),
    })
    .nullable(),
});

export type Column = Readonly<z.infer<typeof columnSchema>>;
export type TableDescription = Readonly<z.infer<typeof tableDescriptionSchema>>;
