/** `keepCheckpoints: best`: what is left of a run, and what it resumes from. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { type Launch, launchFresh } from '../../src/experiment/launch.ts';
import { launchResumed, type ResumeOptions } from '../../src/experiment/resume.ts';
import { trainLaunch } from '../../src/experiment/trainRuns.ts';
import type { RunEvent } from '../../src/runs/events.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { writeRings } from './rings.ts';

const base = mkdtempSync(path.join(tmpdir(), 'grain-best-'));
after(() => rmSync(base, { recursive: true, force: true, maxRetries: 5 }));

/** Learns too little for any validation to be better than the first. */
function write(folder: string, steps: number): void {
  writeRings(folder, {
    ...{ aggregate: '[grain]', groups: '{ count: 2 }', keepCheckpoints: 'best' },
    ...{ steps: String(steps), evaluateEvery: '2', checkpointEvery: '2' },
    optimizer: '{ learningRate: 1e-12 }',
  });
}

/** @param until after that step everything is asked to stop */
async function train(launch: Launch, until = Number.POSITIVE_INFINITY): Promise<string> {
  let step = 0;
  await trainLaunch(launch, {
    onEvent: (_, event) => {
      if (event.kind === 'step') ({ step } = event);
    },
    isInterrupted: () => step >= until,
  });
  return launch.runs[0]!.folder;
}

const fresh = (folder: string) =>
  launchFresh(path.join(folder, 'grain.yaml'), {}, folder, () => {});
const resumed = (folder: string, run: string, options: ResumeOptions) =>
  launchResumed(path.basename(run), folder, options, () => {});

const kept = (run: string) =>
  readdirSync(path.join(run, 'checkpoints')).filter((name) => name.startsWith('step-'));
const losses = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.kind === 'step' ? [[event.step, event.losses]] : []));

test('a stopped run has its last checkpoint; a finished one the best alone, and is trained on from it', async () => {
  const folder = path.join(base, 'short');
  write(folder, 4);
  const run = await train(await fresh(folder), 3);
  assert.deepEqual(kept(run), ['step-000000', 'step-000003']);
  await train(await resumed(folder, run, { from: 'best' }));
  assert.deepEqual(kept(run), ['step-000000']);
  const index = readFileSync(path.join(run, 'checkpoints', 'index.json'), 'utf8');
  assert.deepEqual(JSON.parse(index), { last: 'step-000000', best: 'step-000000', earlier: [] });

  await train(await resumed(folder, run, { steps: 6 }));
  assert.deepEqual(kept(run), ['step-000000']);
  const whole = path.join(base, 'whole');
  write(whole, 6);
  const other = await train(await fresh(whole));
  assert.deepEqual(losses(await readEvents(run)), losses(await readEvents(other)));
  assert.equal(losses(await readEvents(run)).length, 6);
});
