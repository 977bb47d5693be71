import type { RunStatus } from '../../runs/status.ts';

/** What every panel says about the run it shows. */
export interface RunHeader {
  readonly id: string;
  readonly experiment: string;
  readonly aggregator: string;
  /** "3", or "init 3 · order 1" where they differ. */
  readonly seed: string;
  readonly status: RunStatus;
  readonly step: number;
  readonly steps: number;
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
