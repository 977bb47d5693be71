/** Trainers on one shared child process, which takes seconds to start. */
import path from 'node:path';
import { openDevice, type TorchDevice } from '../../../src/backends/device.ts';
import { type AggregateEntry, resolvedAggregation } from '../../../src/config/aggregation.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { DataReads } from '../../../src/data/dataReads.ts';
import { EngineClient } from '../../../src/engine/client.ts';
import type { Session } from '../../../src/training/session.ts';
import { openTorchTask } from '../../../src/training/torch/torchTask.ts';
import { Trainer } from '../../../src/training/trainer.ts';
import { interpreter } from '../../python/python.ts';
import { trainerOf } from '../../unit/training/trainerOf.ts';

/** The child, and what its trainers share. */
export class TorchRuns {
  readonly device: TorchDevice;
  readonly #engine = EngineClient.start();

  private constructor(device: TorchDevice) {
    this.device = device;
  }

  static async open(): Promise<TorchRuns> {
    process.env.GRAIN_PYTHON = interpreter();
    // Threads that wait for each other take the time of a busy machine.
    process.env.OMP_NUM_THREADS = '1';
    return new TorchRuns((await openDevice('torch')) as TorchDevice);
  }

  /** @param config in YAML, as if it were a file of the folder. The child has the model of the last trainer only */
  async trainer(folder: string, config: string, aggregator: AggregateEntry): Promise<Trainer> {
    const parsed = parseConfig(config, path.join(folder, 'grain.yaml'));
    const reads = new DataReads();
    const task = await openTorchTask(parsed, this.device, () => {}, reads);
    const session: Session = {
      config: parsed.config,
      folder,
      task,
      device: this.device,
      engine: this.#engine,
      reads,
    };
    const aggregation = resolvedAggregation(aggregator, parsed.config.zeroGroups);
    return Trainer.create(session, aggregation, { init: 1, order: 1 });
  }

  async close(): Promise<void> {
    await this.#engine.close();
    await this.device.close();
  }
}

/** Facts of the first steps. */
export async function stepsOf(trainer: Trainer, first: number, last: number) {
  const steps = [];
  for (let step = first; step <= last; step++) {
    const {
      ms: _ms,
      memory: _memory,
      device: _device,
      ...facts
    } = (await trainer.step(step)).facts;
    steps.push(facts);
  }
  return steps;
}

/** The same on wasm. */
export async function wasmSteps(
  folder: string,
  config: string,
  aggregator: AggregateEntry,
  count: number,
) {
  const { trainer, close } = await trainerOf(folder, `${config}\ndevice: wasm`, aggregator);
  const steps = await stepsOf(trainer, 1, count);
  const { metrics } = await trainer.validate(async () => {});
  await close();
  return { steps, metrics };
}

/** The largest difference, as a share of the largest number. */
export function relative(
  actual: readonly (number | null)[],
  expected: readonly (number | null)[],
): number {
  const scale = Math.max(...expected.map((value) => Math.abs(value!)), 1e-30);
  return Math.max(...expected.map((value, i) => Math.abs(value! - actual[i]!))) / scale;
}
