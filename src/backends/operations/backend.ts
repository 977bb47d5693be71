import type { AdamWStep } from './adamwStep.ts';
import type { Fallible } from './checked.ts';
import type { Operations } from './operations.ts';
import type { StackedKernels } from './stacked.ts';

/** The ladder, fastest first: `auto` climbs down it until a rung holds. */
export const RUNGS = ['cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type Rung = (typeof RUNGS)[number];

/** What a rung does by kernels of its own; what it does not offer is put together of tfjs's operations. */
export interface OwnKernels {
  readonly operations?: Operations;
  readonly stacked?: StackedKernels;
  readonly adamw?: AdamWStep;
}

/** A rung whose tfjs backend is registered and can be set. */
export interface OpenRung extends OwnKernels, Fallible {
  /** What a person would call it. */
  readonly name: string;
  /** tfjs's name of the backend. */
  readonly backend: string;
  readonly hostMemory: boolean;
  /** Bytes that tensors may take, where that is known. */
  readonly memory?: number;
  /** A GPU imitated in software: slower than the rungs below, so `auto` passes it by. */
  readonly imitated?: boolean;
  /** What it does without here, and why. */
  readonly hindrance?: string;
  close(): Promise<void>;
}

/** Opens a rung or throws `RungUnavailable`. */
export type RungOpener = () => Promise<OpenRung>;

export class RungUnavailable extends Error {
  override readonly name = 'RungUnavailable';
  /** What a person can do about it. */
  readonly remedy: string;
  constructor(reason: string, remedy: string) {
    super(reason);
    this.remedy = remedy;
  }
}
