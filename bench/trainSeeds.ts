import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { RunStore } from '../src/runs/store.ts';

const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/**
 * Trains the runs of a config, except the seeds of which all have ended in `folder`: a bench that was stopped continues where it
 * was.
 *
 * @param config without `seeds`; its paths are absolute
 * @param core the processor core to train on: kernels take a thread for each that they may run on
 */
export async function trainSeeds(
  folder: string,
  config: Readonly<Record<string, unknown>> & { readonly aggregate: readonly unknown[] },
  seeds: readonly number[],
  core: number,
): Promise<void> {
  const ended = (await new RunStore(folder).list())
    .filter(({ status }) => status === 'finished' || status === 'failed')
    .map(({ manifest }) => manifest.seed.init);
  const endedOf = (seed: number) => ended.filter((other) => other === seed).length;
  const missing = seeds.filter((seed) => endedOf(seed) < config.aggregate.length);
  if (missing.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'grain.yaml');
  writeFileSync(file, stringify({ ...config, seeds: missing }));
  const args = ['--disable-warning=ExperimentalWarning', cli, 'run', file, '--json'];
  const child = spawn('taskset', ['--cpu-list', String(core), process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'close');
  // 1: a run failed, which is a result.
  if (status !== 0 && status !== 1) throw new Error(`grain run ${file}: exit status ${status}`);
}

/** Works on the items in their order, so many at a time, each on a core. */
export async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T, core: number) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: jobs }, async (_, job) => {
      for (const item of waiting) await work(item, job % availableParallelism());
    }),
  );
}
