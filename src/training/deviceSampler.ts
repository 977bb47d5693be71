import { availableParallelism } from 'node:os';
import type { DeviceUsage } from '../backends/interface/backend.ts';
import type { StepEvent } from '../runs/events.ts';

type Sample = NonNullable<StepEvent['device']>;

/** Milliseconds. A sample may cost a process. */
const INTERVAL_MS = 10_000;
/** Until the first sample: what comes before, such as loading, is not the run's load. */
const FIRST_MS = 1_000;

/** Seconds of processor time used until a time in milliseconds. */
interface Reading {
  readonly at: number;
  readonly seconds: number;
}

/** Samples how busy the device is, while steps go on: none waits for a sample. */
export class DeviceSampler {
  readonly #usage: () => Promise<DeviceUsage>;
  readonly #interval: number;
  #before: Reading | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #isSampling = false;
  #sample: Sample | undefined;

  /** @param interval milliseconds between two samples */
  constructor(device: { usage?(): Promise<DeviceUsage> }, interval = INTERVAL_MS) {
    this.#usage = async () => (await device.usage?.()) ?? {};
    this.#interval = interval;
  }

  /** A sample that no step has had; starts the next one if it is due. */
  next(): Sample | undefined {
    if (!this.#isSampling && performance.now() >= this.#dueAt) {
      this.#isSampling = true;
      this.#take()
        // The device's own process has ended: the step that needs it says so.
        .catch(() => {})
        .finally(() => {
          this.#isSampling = false;
        });
    }
    const sample = this.#sample;
    this.#sample = undefined;
    return sample;
  }

  async #take(): Promise<void> {
    const { processorSeconds: others = 0, ...ofDevice } = await this.#usage();
    const before = this.#before;
    const reading = { at: performance.now(), seconds: processorSeconds() + others };
    this.#before = reading;
    this.#dueAt = reading.at + (before ? this.#interval : Math.min(FIRST_MS, this.#interval));
    if (!before) return;
    const passed = (reading.at - before.at) / 1000;
    const share = (reading.seconds - before.seconds) / passed / availableParallelism();
    // The device's own process may have been replaced by a new one.
    this.#sample = { processor: Math.min(1, Math.max(0, share)), ...ofDevice };
  }
}

/** That this process has used, all threads together. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
