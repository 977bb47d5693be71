/** Steps of a real run with 8 groups, and logs of any length that repeat them. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { RunEvent, StepEvent } from '../../src/runs/events.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import { parseManifest, type RunManifest } from '../../src/runs/manifest.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';

const example = fileURLToPath(new URL('../../examples/digits/', import.meta.url));
const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const STEPS = 300;
const EVALUATE_EVERY = 50;
/** Milliseconds from step to step, by the log's clock. */
const PACE = 20;

export interface RealRun {
  readonly manifest: RunManifest;
  readonly steps: readonly StepEvent[];
}

/** The digits example with GRAIN, in 8 micro-batches. */
export async function trainOnce(): Promise<RealRun> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'grain-logs-'));
  try {
    const config = parse(readFileSync(path.join(example, 'grain.yaml'), 'utf8'));
    config.model.from = path.join(example, 'checkpoint');
    config.data.train = path.join(example, config.data.train);
    config.data.validation = path.join(example, config.data.validation);
    Object.assign(config, { aggregate: ['grain'], seeds: [0], steps: STEPS });
    config.groups = { by: 'microbatch', count: 8 };
    const file = path.join(scratch, 'grain.yaml');
    writeFileSync(file, stringify(config));
    const { status, stderr } = spawnSync(process.execPath, [cli, 'run', file, '--json'], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`grain run ended with ${status}: ${stderr}`);
    const [run] = await new RunStore(scratch).list();
    const events = await readEvents(run!.folder);
    return { manifest: run!.manifest, steps: events.filter((event) => event.kind === 'step') };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The steps numbered 1, 2, 3, …, over and over, with a validation now and then. */
export function* eventsOf({ steps, manifest }: RealRun, count: number): Generator<RunEvent> {
  const begin = Date.parse(manifest.createdAt);
  yield { kind: 'start', at: begin, pid: 1, fromStep: 0 };
  for (let step = 1; step <= count; step++) {
    const at = begin + PACE * step;
    yield { ...steps[(step - 1) % steps.length]!, step, at };
    if (step % EVALUATE_EVERY > 0) continue;
    const value = 1 - 0.9 * Math.exp(-step / count) + 0.01 * Math.sin(step);
    yield {
      kind: 'validation',
      at,
      step,
      metrics: { [manifest.metric.name]: value, loss: 1 - value / 2 },
    };
  }
  yield { kind: 'end', at: begin + PACE * (count + 1), step: count, status: 'finished' };
}

/** A run on disk whose log has so many steps. @returns its folder */
export function writeRun(root: string, id: string, run: RealRun, count: number): string {
  const folder = path.join(root, '.grain/runs', id);
  mkdirSync(folder, { recursive: true });
  const manifest = { ...run.manifest, id, steps: count };
  if (!parseManifest(JSON.stringify(manifest))) throw new Error('a manifest that cannot be read');
  writeFileSync(runFile(folder, 'manifest'), JSON.stringify(manifest));
  const file = openSync(runFile(folder, 'events'), 'w');
  let text = '';
  for (const event of eventsOf({ ...run, manifest }, count)) {
    text += `${JSON.stringify(event)}\n`;
    if (text.length < 2 ** 20) continue;
    writeSync(file, text);
    text = '';
  }
  writeSync(file, text);
  closeSync(file);
  return folder;
}
