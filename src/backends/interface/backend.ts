import type { Operations } from '../operations/operations.ts';
import type { DeferredErrors } from './deviceErrors.ts';
import type { AdamWStep, StackedKernels } from './kernels.ts';

/** Backends with tensors in this process, fastest first. */
export const TENSOR_BACKENDS = ['cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type TensorBackendName = (typeof TENSOR_BACKENDS)[number];

/** `torch` has its tensors in a child process. */
export type BackendName = TensorBackendName | 'torch';

/** Kernels written for a backend. Where one is absent, tfjs operations are composed instead. */
export interface CustomKernels {
  readonly operations?: Operations;
  readonly stacked?: StackedKernels;
  readonly adamw?: AdamWStep;
}

/** How busy a device is; a GPU's figures are of all programs on it. */
export interface DeviceUsage {
  /** Seconds of processor time that a process of the device's own has used so far. */
  readonly processorSeconds?: number;
  /** Bytes of the GPU's memory. */
  readonly memory?: { readonly used: number; readonly total: number };
  /** Share of the time in which the GPU computed, 0…1. */
  readonly utilization?: number;
}

/** A backend whose tfjs backend is registered and can be set. */
export interface OpenBackend extends CustomKernels, DeferredErrors {
  /** For users: the GPU's name, "WebAssembly (SIMD, one thread)", … */
  readonly name: string;
  /** tfjs's name of the backend. */
  readonly tfjsBackend: string;
  /** Whether tensors lie in this process's own memory, so that reading them is cheap and synchronous. */
  readonly hostMemory: boolean;
  /** Bytes available to tensors, if known. */
  readonly memory?: number;
  /** A software GPU: slower than the backends below, so `auto` skips it. */
  readonly isSoftware?: boolean;
  /** What is missing on this machine, and why. */
  readonly limitation?: string;
  /** Absent where nothing is known beyond this process. */
  usage?(): Promise<DeviceUsage>;
  close(): Promise<void>;
}

/** @throws BackendUnavailable */
export type BackendOpener = () => Promise<OpenBackend>;

export class BackendUnavailable extends Error {
  override readonly name = 'BackendUnavailable';
  /** What the user can do about it. */
  readonly remedy: string;

  constructor(reason: string, remedy: string) {
    super(reason);
    this.remedy = remedy;
  }
}
