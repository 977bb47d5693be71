/** A run too long to draw each step of: steps of a real descent over and over, with two that must not be lost. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { StepEvent } from '../../src/runs/events.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { summary } from '../unit/extension/fixtures.ts';
import { descend } from './descent.ts';

/** Steps that are written together. */
const BLOCK = 5000;

/** The one step whose direction conflicts with a group, and the one whose loss is not finite. */
export function planted(steps: number): { readonly conflict: number; readonly lost: number } {
  return { conflict: Math.round(0.37 * steps), lost: Math.round(0.71 * steps) };
}

/** The run as the store lists it; its log need not exist. */
export function longRun(folder: string, steps: number, seed = 0): RunSummary {
  const groups = Array.from({ length: 8 }, (_, i) => `#${i + 1}`);
  const made = summary({ status: 'finished', step: steps, groups, seed });
  // Of our own trainer: where each descent begins anew, the rules would find a jump of the loss.
  const manifest = { ...made.manifest, steps, versions: { grain: '1' } };
  return { ...made, manifest, folder };
}

/** Writes manifest and log into the run's folder. */
export async function writeLongRun({ folder, manifest }: RunSummary): Promise<void> {
  const { conflict, lost } = planted(manifest.steps);
  const { steps } = descend({ aggregator: 'grain', seed: 3, groups: 8, steps: 240 });
  const texts = steps.map((step) => JSON.stringify({ ...step, step: 0 }).split('"step":0'));
  const changed = (at: number, change: Partial<StepEvent>) =>
    JSON.stringify({ ...steps[at % steps.length]!, step: at, ...change });
  const { losses } = steps[lost % steps.length]!;
  mkdirSync(folder, { recursive: true });
  writeFileSync(runFile(folder, 'manifest'), JSON.stringify(manifest));
  const file = createWriteStream(runFile(folder, 'events'));
  for (let from = 1; from <= manifest.steps; from += BLOCK) {
    const lines = Array.from({ length: Math.min(BLOCK, manifest.steps - from + 1) }, (_, i) => {
      const step = from + i;
      if (step === conflict) return changed(step, { weights: [1, 0, 0, 0, 0, 0, 0, 0] });
      if (step === lost) return changed(step, { losses: [null, ...losses.slice(1)] });
      return texts[step % texts.length]!.join(`"step":${step}`);
    });
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end(`${JSON.stringify({ kind: 'end', at: 1, step: manifest.steps, status: 'finished' })}\n`);
  await finished(file);
}
