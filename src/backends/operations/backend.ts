import type { AdamWStep } from './adamwStep.ts';
import type { Fallible } from './checked.ts';
import type { Operations } from './operations.ts';
import type { StackedKernels } from './stacked.ts';

/** The backend order, fastest first: `auto` takes the first that is usable. */
export const BACKENDS = ['cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** What a backend does by kernels of its own; what it does not offer is put together of tfjs's operations. */
export interface OwnKernels {
  readonly operations?: Operations;
  readonly stacked?: StackedKernels;
  readonly adamw?: AdamWStep;
}

/** A backend whose tfjs backend is registered and can be set. */
export interface OpenBackend extends OwnKernels, Fallible {
  /** What a person would call it. */
  readonly name: string;
  /** tfjs's name of the backend. */
  readonly tfjsBackend: string;
  readonly hostMemory: boolean;
  /** Bytes that tensors may take, where that is known. */
  readonly memory?: number;
  /** A software GPU: slower than the backends below, so `auto` passes it by. */
  readonly isSoftware?: boolean;
  /** What it does without here, and why. */
  readonly limitation?: string;
  close(): Promise<void>;
}

/** Opens a backend or throws `RungUnavailable`. */
export type BackendOpener = () => Promise<OpenBackend>;

export class BackendUnavailable extends Error {
  override readonly name = 'RungUnavailable';
  /** What a person can do about it. */
  readonly remedy: string;
  constructor(reason: string, remedy: string) {
    super(reason);
    this.remedy = remedy;
  }
}
