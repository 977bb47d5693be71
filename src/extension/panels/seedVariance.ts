import * as vscode from 'vscode';
import { betterOf, metricNames } from '../../experiment/validatedRuns.ts';
import { formatExperiment } from '../../runs/format.ts';
import { experimentKey } from '../../runs/identity.ts';
import { latestFirst } from '../../runs/order.ts';
import { isActive } from '../../runs/status.ts';
import type { EmptyMessage } from '../messages/run.ts';
import {
  type ExperimentChoice,
  type SeedVarianceRequest,
  type SeedVarianceShow,
  type SeedVarianceState,
  seedVarianceRequest,
  seedVarianceState,
} from '../messages/seedVariance.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import type { Content, PanelServices } from './livePage.ts';
import type { PanelKind } from './panelGroup.ts';
import { RunReaders } from './runReader.ts';
import { seriesOf } from './seedSeries.ts';
import { VerdictWatch } from './seedVerdict.ts';

/** The kind of panel that compares the runs of one experiment. */
export function seedVariancePanel({
  runs,
  selection,
}: PanelServices): PanelKind<SeedVarianceShow, SeedVarianceRequest, SeedVarianceState> {
  return {
    name: 'seedVariance',
    title: (experimentId) => {
      const run = runs.all.find((one) => experimentKey(one) === experimentId);
      return run ? `Seed variance: ${run.manifest.experiment.name}` : 'Seed variance';
    },
    state: seedVarianceState,
    subjectOf: (state) =>
      state?.experimentId ?? (selection.current ? experimentKey(selection.current) : ''),
    content: (experimentId, change, state) =>
      new SeedVarianceContent(runs, experimentId, change, state?.metric),
  };
}

class SeedVarianceContent implements Content<SeedVarianceShow, SeedVarianceRequest> {
  readonly requests = seedVarianceRequest;
  readonly #runs: WorkspaceRuns;
  readonly #experimentId: () => string;
  readonly #change: (experimentId: string) => void;
  readonly #readers = new RunReaders();
  #verdict = new VerdictWatch();
  /** The user's choice; `undefined` for the metric that ranks checkpoints. */
  #metric: string | undefined;
  /** What the page shows, as JSON. */
  #shown = '';

  constructor(
    runs: WorkspaceRuns,
    experimentId: () => string,
    change: (experimentId: string) => void,
    metric: string | undefined,
  ) {
    this.#runs = runs;
    this.#experimentId = experimentId;
    this.#change = change;
    this.#metric = metric;
  }

  async update(
    post: (message: SeedVarianceShow | EmptyMessage) => void,
    fresh: boolean,
  ): Promise<boolean> {
    await this.#runs.ready;
    const id = this.#experimentId();
    const runs = this.#runs.all.filter((run) => experimentKey(run) === id);
    const message = runs.length > 0 ? await this.#messageOf(runs) : deleted;
    const text = JSON.stringify(message);
    if (fresh || text !== this.#shown) post(message);
    this.#shown = text;
    return runs.some(({ status }) => isActive(status));
  }

  receive(request: SeedVarianceRequest): void {
    if (request.type === 'selectMetric') this.#metric = request.metric;
    else {
      this.#readers.dispose();
      this.#verdict = new VerdictWatch();
      this.#change(request.id);
    }
  }

  dispose(): void {
    this.#readers.dispose();
  }

  async #messageOf(runs: readonly LocatedRun[]): Promise<SeedVarianceShow | EmptyMessage> {
    const validated = await Promise.all(
      runs.map(async (run) => {
        const { validations } = await this.#readers.of(run);
        return { run, validations };
      }),
    );
    if (validated.every(({ validations }) => validations.length === 0)) return waiting(runs);
    const metrics = metricNames(validated);
    const metric = metrics.find((name) => name === this.#metric) ?? metrics[0]!;
    const choices = choicesOf(this.#runs.all);
    return {
      type: 'show',
      experiment: choices.find(({ id }) => id === this.#experimentId())!,
      choices,
      metric,
      better: betterOf(runs, metric),
      metrics,
      series: seriesOf(validated, metric),
      verdict: await this.#verdict.update(validated, metric),
    };
  }
}

const deleted: EmptyMessage = {
  type: 'empty',
  reason: 'This experiment was deleted. Open another one from the run explorer.',
};

function waiting(runs: readonly LocatedRun[]): EmptyMessage {
  const active = runs.some(({ status }) => isActive(status));
  const reason = active
    ? 'Waiting for the first validation.'
    : 'No run of this experiment has been validated.';
  return { type: 'empty', reason };
}

/** Named after the first run of each experiment. */
function choicesOf(runs: readonly LocatedRun[]): ExperimentChoice[] {
  const experiments = new Map<string, LocatedRun>();
  for (const run of [...runs].sort(latestFirst)) experiments.set(experimentKey(run), run);
  return [...experiments.values()].map(choiceOf);
}

function choiceOf(run: LocatedRun): ExperimentChoice {
  return { id: experimentKey(run), label: formatExperiment(run.manifest, vscode.env.language) };
}
