/** Messages of the predictions panel. */
import * as z from 'zod';
import type { Confusion, Scatter } from '../../experiment/predictions/pictures.ts';
import type { EmptyMessage } from './run.ts';
import type { ExperimentChoice } from './seedVariance.ts';

/** What is looked at: whose predictions, which of them, in which order. */
export const look = z.object({
  aggregator: z.string(),
  /** `null` for all seeds together. */
  seed: z.string().nullable(),
  only: z.enum(['all', 'wrong', 'alwaysWrong', 'disputed']),
  /** `null` for all. */
  target: z.string().nullable(),
  prediction: z.string().nullable(),
  group: z.string().nullable(),
  sort: z.object({
    by: z.enum([
      ...(['index', 'target', 'prediction', 'probability', 'loss'] as const),
      ...(['agreement', 'right', 'spread', 'group'] as const),
    ]),
    descending: z.boolean(),
  }),
  /** From 0. */
  page: z.number().int().min(0),
});
export type Look = z.infer<typeof look>;
export type SortKey = Look['sort']['by'];

export type { Confusion, Scatter };

/** One validation example in the table. */
export interface ExampleRow {
  /** Its place among the validation examples, from 0. */
  readonly index: number;
  /** The beginning of its text; `null` where it is not known. */
  readonly excerpt: string | null;
  readonly target: string;
  /** What is predicted and by how many seeds, the most frequent first; of values their mean. `null`: no prediction. */
  readonly predictions: readonly { readonly text: string | null; readonly seeds: number }[];
  /** Seeds that the row is about, and how many of them are right; `null` for values. */
  readonly seeds: number;
  readonly right: number | null;
  /** How many of all seeds predict what most of them do or, for one seed, what it does; `null` for values. */
  readonly agreement: number | null;
  /** Sample standard deviation of values over all seeds; `null` for fewer than two, and for what is no value. */
  readonly spread: number | null;
  /** Mean over the seeds; of the prediction that is named first. */
  readonly probability: number | null;
  readonly loss: number | null;
  readonly group: string | null;
}

export interface ExamplesPage {
  readonly type: 'page';
  readonly look: Look;
  /** Examples that fit, and the place of the first of `rows` among them. */
  readonly total: number;
  readonly from: number;
  readonly rows: readonly ExampleRow[];
  /** Why there are no texts; empty where there are, or while they are read. */
  readonly textNote: string;
}

export type PredictionsPicture =
  | { readonly kind: 'classes'; readonly confusion: Confusion }
  | { readonly kind: 'values'; readonly scatter: Scatter }
  | { readonly kind: 'answers' };

export interface PredictionsShow {
  readonly type: 'show';
  readonly experiment: ExperimentChoice;
  readonly choices: readonly ExperimentChoice[];
  readonly methods: readonly { readonly aggregator: string; readonly seeds: readonly string[] }[];
  readonly look: Look;
  readonly picture: PredictionsPicture;
  readonly classes: readonly string[];
  readonly groups: readonly string[];
  /** Of the method and seeds that are looked at, over all examples. */
  readonly counts: {
    readonly examples: number;
    readonly seeds: number;
    /** Examples that any of the seeds gets wrong, that all get wrong, and on which seeds differ; `null` for values. */
    readonly wrong: number | null;
    readonly alwaysWrong: number | null;
    readonly disputed: number | null;
  };
  /** Seeds without predictions, and why. */
  readonly note: string;
}

/** All that is known of one example. */
export interface ExampleShow {
  readonly type: 'example';
  readonly example: {
    readonly index: number;
    readonly target: string;
    readonly group: string | null;
    /** `null` while they are read, and where they cannot be. */
    readonly parts: readonly { readonly name: string; readonly text: string }[] | null;
    readonly textNote: string;
    readonly seeds: readonly {
      readonly seed: string;
      readonly prediction: string | null;
      /** `null` for values. */
      readonly right: boolean | null;
      readonly loss: number | null;
      /** The likeliest classes. */
      readonly probabilities: readonly {
        readonly name: string;
        readonly probability: number | null;
      }[];
    }[];
  } | null;
}

export type PredictionsReply = PredictionsShow | ExamplesPage | ExampleShow;
export type PredictionsToWebview = PredictionsReply | EmptyMessage;

/** What the page may ask for, once it is ready. */
export const predictionsRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('selectExperiment'), id: z.string() }),
  z.object({ type: z.literal('look'), look: look.exactPartial() }),
  z.object({ type: z.literal('openExample'), index: z.number().nullable() }),
]);
export type PredictionsRequest = z.infer<typeof predictionsRequest>;

/** What the page saves with `setState`. */
export const predictionsState = z.object({
  experimentId: z.string(),
  look,
  example: z.number().nullable(),
});
export type PredictionsState = z.infer<typeof predictionsState>;
