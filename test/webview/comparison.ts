/** Runs of two launches on disk, made from real descents, and the view that compares them as the extension has it. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CompareRequest, CompareShow } from '../../src/extension/messages/compare.ts';
import { CompareContent } from '../../src/extension/panels/compare/compareContent.ts';
import type { RunEvent } from '../../src/runs/events.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import type { RunSummary } from '../../src/runs/store.ts';
import { summary } from '../unit/extension/fixtures.ts';
import { descend } from './descent.ts';

const launches = [
  {
    experiment: 'e1',
    createdAt: '2026-11-24T14:02:07.000Z',
    learningRate: 0.001,
    noise: 0.9,
    stepMs: 10,
  },
  {
    experiment: 'e2',
    createdAt: '2026-11-25T09:30:00.000Z',
    learningRate: 0.003,
    noise: 0.5,
    stepMs: 20,
  },
] as const;

const STEPS = 200;

/** Two launches of two methods and three seeds; the last run has come half way. Delete the folder afterwards. */
export function comparedRuns(): { readonly runs: RunSummary[]; readonly root: string } {
  const root = mkdtempSync(path.join(tmpdir(), 'grain-compare-'));
  const runs = launches.flatMap(({ experiment, createdAt, learningRate, noise, stepMs }) =>
    (['grain', 'mean'] as const).flatMap((aggregator) =>
      [0, 1, 2].map((seed): RunSummary => {
        const isRunning = experiment === 'e2' && aggregator === 'mean' && seed === 2;
        const { steps, validations } = descend({
          aggregator,
          seed,
          noise,
          groups: 8,
          steps: STEPS,
        });
        const until = isRunning ? STEPS / 2 : STEPS;
        const events: RunEvent[] = steps
          .filter(({ step }) => step <= until)
          .map((step) => ({ ...step, at: stepMs * step.step }))
          .flatMap((step) => [
            step,
            ...validations
              .filter((validation) => validation.step === step.step)
              .map(({ loss, worst }): RunEvent => {
                const metrics = { loss, 'worst group loss': worst };
                return { kind: 'validation', at: step.at, step: step.step, metrics };
              }),
          ]);
        const config = { optimizer: { name: 'adamw', learningRate }, batchSize: 32 };
        const status = isRunning ? 'running' : 'finished';
        const run = summary({
          experiment,
          createdAt,
          aggregator,
          seed,
          config,
          status,
          step: until,
        });
        const folder = path.join(root, '.grain/runs', run.manifest.id);
        mkdirSync(folder, { recursive: true });
        appendFileSync(runFile(folder, 'events'), events.map(lineOf).join(''));
        const metric = { name: 'loss', better: 'lower' } as const;
        const groups = {
          by: 'microbatch',
          names: Array.from({ length: 8 }, (_, i) => `#${i + 1}`),
        };
        return { ...run, folder, manifest: { ...run.manifest, metric, groups } };
      }),
    ),
  );
  return { runs, root };
}

export function lineOf(event: RunEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** The view on all of the runs. */
export class ComparedView {
  readonly content: CompareContent<RunSummary>;

  constructor(runs: readonly RunSummary[]) {
    this.content = new CompareContent({
      runs: {
        ready: Promise.resolve(),
        find: (folder) => runs.find((run) => run.folder === folder),
      },
      folders: () => runs.map(({ folder }) => folder),
      state: undefined,
      locale: 'en',
    });
  }

  /** What the page is sent after it has asked for these. */
  async show(...requests: readonly CompareRequest[]): Promise<CompareShow> {
    for (const request of requests) this.content.receive(request);
    const sent: unknown[] = [];
    await this.content.update((message) => sent.push(message), true);
    return sent.at(-1) as CompareShow;
  }
}

let shared: ReturnType<typeof comparedRuns> | undefined;

/** The message with these choices, of runs that are deleted when the process ends. */
export async function compareShow(...requests: readonly CompareRequest[]): Promise<CompareShow> {
  shared ??= withoutTraces(comparedRuns());
  const view = new ComparedView(shared.runs);
  const message = await view.show(...requests);
  view.content.dispose();
  return message;
}

function withoutTraces<T extends { readonly root: string }>(made: T): T {
  process.once('exit', () => rmSync(made.root, { recursive: true, force: true }));
  return made;
}
