/** What all panels that show one run have in common: their header, what they may ask for, and what they save. */
import * as z from 'zod';
import type { Metric } from '../../engine/types.ts';
import type { RunAlarm } from '../../runs/alarms.ts';
import type { GuaranteeBadge } from '../../runs/guaranteeBadge.ts';
import type { GuaranteeCounts, GuaranteeTally } from '../../runs/guaranteeTally.ts';
import type { RunStatus } from '../../runs/status.ts';
import { type SeriesName, type WindowReply, windowRequest } from './columns.ts';
import type { BlockWeights, CosineMatrix, MetricPoint, MetricsPoint } from './points.ts';

export type { GuaranteeBadge, GuaranteeCounts };

/** An aggregator, as the engine's registry describes it. */
export interface Method {
  readonly name: string;
  readonly title: string;
  /** What its direction d guarantees, in one sentence. */
  readonly guarantee: string;
  /** Whether it guarantees to conflict with no group. */
  readonly nonConflicting: boolean;
  /** Whether d should be the shortest vector in the hull of the gradients: the duality gap then bounds its error. */
  readonly minimumNorm: boolean;
  /** Its source, with arXiv id or DOI. */
  readonly reference: string;
}

export interface RunHeader {
  /** Its folder, which identifies it: a copied project has runs of the same ids. */
  readonly id: string;
  readonly experiment: string;
  /** The aggregator with its settings, which distinguishes runs of an experiment: "grain", "cagrad c=0.4". */
  readonly aggregator: string;
  /** `null` for an aggregator that this version does not know. */
  readonly method: Method | null;
  /** In which cosines, lengths and the guarantee are measured. */
  readonly metric: Metric;
  /** Share of the previous step's weights that is kept, 0…<1; above 0 there is no guarantee for a single step. */
  readonly smoothing: number;
  /** What became of the guarantee and of the updates, over all steps so far. */
  readonly guarantee: {
    readonly counts: GuaranteeCounts;
    readonly badge: GuaranteeBadge;
    /** The updates of the mean's run of the same seed, in a few words; empty where there is none, or the panel does not show it. */
    readonly besideMean: string;
  };
  /** "3", or "init 3 · order 1" where they differ. */
  readonly seed: string;
  readonly status: RunStatus;
  readonly step: number;
  readonly steps: number;
  /** Share of a long validation that is done, 0…1; `null` while there is none. */
  readonly validating: number | null;
  /** In the order in which they were raised. */
  readonly alarms: readonly ShownAlarm[];
}

/** An alarm from the step at which it was raised to that at which it was over. */
export type ShownAlarm = Pick<RunAlarm, 'rule' | 'step' | 'message' | 'clearedAt'>;

/** A run that the user may switch the panel to. */
export interface RunChoice {
  readonly id: string;
  readonly label: string;
}

/** There is nothing to show (yet): the panel says why, and what to do. */
export interface EmptyMessage {
  readonly type: 'empty';
  readonly reason: string;
}

/** Sent by every page once its listeners are registered; answered with `show`. */
export const readyRequest = z.object({ type: z.literal('ready') });
export type ReadyRequest = z.infer<typeof readyRequest>;

/** What a page on one run may ask for, once it is ready. */
export const runRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('selectRun'), id: z.string() }),
  windowRequest,
]);
export type RunRequest = z.infer<typeof runRequest>;

/** What the serializer of such a page needs of what it saves with `setState`, after a window reload. */
export const runPanelState = z.object({ runId: z.string() });
export type RunPanelState = z.infer<typeof runPanelState>;

export interface Groups {
  readonly names: readonly string[];
  /** Whether a group is the same in every step; parts of a batch are not. */
  readonly lasting: boolean;
}

/** What was read of a run's log, beside its columns. */
export interface RunPoints {
  readonly groups: Groups;
  readonly alarms: readonly RunAlarm[];
  /** Name of the metric in `validation`. */
  readonly metric: string;
  /** The newest steps, as many as tables show. */
  readonly latest: readonly MetricsPoint[];
  readonly validation: readonly MetricPoint[];
  readonly cosines: CosineMatrix | null;
  readonly blocks: BlockWeights | null;
  readonly guarantee: Pick<GuaranteeTally, 'counts' | 'isStationary'>;
}

/** How much a page has already received: steps logged, and validations. */
export interface Cursor {
  readonly steps: number;
  readonly validation: number;
}

/** Steps of the window that the page shows. */
export type Drawn = Omit<WindowReply, 'type'>;

/** The two messages of a panel that shows one run: everything, and what was added since. */
export interface RunMessages<Show, Append> {
  /** What the panel draws over steps. */
  series(groups: Groups): readonly SeriesName[];
  /** Whether it draws the weights of single steps, too. */
  readonly sorted: boolean;
  show(run: RunHeader, choices: readonly RunChoice[], points: RunPoints, window: Drawn): Show;
  /** @param window only the new columns, and the one before them, which may have grown; `null` if the page does not show the newest steps */
  append(run: RunHeader, points: RunPoints, since: Cursor, window: Drawn | null): Append;
}
