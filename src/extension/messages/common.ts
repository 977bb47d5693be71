import type { Metric } from '../../engine/types.ts';
import type { RunStatus } from '../../runs/status.ts';

/** What is known of an aggregator: the registry's own words. */
export interface Method {
  readonly name: string;
  readonly title: string;
  /** What its direction d promises, in one sentence. */
  readonly guarantee: string;
  /** True if it promises to step against no group. */
  readonly promises: boolean;
  /** True if d is to be the shortest vector in the hull of the gradients: the duality gap then tells how near it is. */
  readonly minimumNorm: boolean;
  /** Where it comes from, with arXiv id or DOI. */
  readonly reference: string;
}

/** What every panel says about the run it shows. */
export interface RunHeader {
  readonly id: string;
  readonly experiment: string;
  /** As runs of an experiment are told apart: "grain", "cagrad c=0.4". */
  readonly aggregator: string;
  /** `null` for an aggregator that this version does not know. */
  readonly method: Method | null;
  /** Where cosines, lengths and the guarantee are taken. */
  readonly metric: Metric;
  /** Share of the last step's weights that is kept, 0…<1; above 0 a promise is lost, and weights are not the shortest. */
  readonly smoothing: number;
  /** "3", or "init 3 · order 1" where they differ. */
  readonly seed: string;
  readonly status: RunStatus;
  readonly step: number;
  readonly steps: number;
  /** Share of a long validation that is done, 0…1; null while the run is at none. */
  readonly validating: number | null;
}

/** A run the user may switch the panel to. */
export interface RunChoice {
  readonly id: string;
  readonly label: string;
}

/** Sent by every webview once its listeners are in place; answered with `show`. */
export interface ReadyMessage {
  readonly type: 'ready';
}

export interface SelectRunMessage {
  readonly type: 'selectRun';
  readonly id: string;
}

/** There is nothing to show (yet): the panel says why and what to do. */
export interface EmptyMessage {
  readonly type: 'empty';
  readonly reason: string;
}

/** What a panel keeps with `setState`, and gets back from its serializer after a window reload. */
export interface RunPanelState {
  readonly runId: string;
}
