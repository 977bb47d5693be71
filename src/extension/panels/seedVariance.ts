import * as vscode from 'vscode';
import { isLiving } from '../../runs/status.ts';
import { EventTail } from '../../runs/tail.ts';
import type { EmptyMessage } from '../messages/common.ts';
import type {
  ExperimentChoice,
  SeedVarianceShow,
  SeedVarianceState,
  SeedVarianceToHost,
} from '../messages/seedVariance.ts';
import { latestFirst } from '../workspace/order.ts';
import { experimentWords } from '../workspace/words.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import type { Content } from './livePage.ts';
import type { PanelKind } from './panelGroup.ts';
import { betterOf, metricNames, seriesOf } from './seedSeries.ts';
import type { Services } from './services.ts';
import { ValidationLog } from './validationLog.ts';

type Change = Exclude<SeedVarianceToHost, { type: 'ready' }>;

/** The kind of panel that compares the runs of one experiment. */
export function seedVariancePanel({
  runs,
  selection,
}: Services): PanelKind<SeedVarianceShow, SeedVarianceToHost> {
  return {
    name: 'seedVariance',
    title: (experimentId) => {
      const run = runs.all.find(({ manifest }) => manifest.experiment.id === experimentId);
      return run ? `Seed variance: ${run.manifest.experiment.name}` : 'Seed variance';
    },
    subjectOf: (state) =>
      (state as Partial<SeedVarianceState> | undefined)?.experimentId ??
      selection.current?.manifest.experiment.id ??
      '',
    content: (experimentId, change, state) =>
      new SeedVarianceContent(
        runs,
        experimentId,
        change,
        (state as Partial<SeedVarianceState> | undefined)?.metric,
      ),
  };
}

class SeedVarianceContent implements Content<SeedVarianceShow, SeedVarianceToHost> {
  readonly #runs: WorkspaceRuns;
  readonly #experimentId: () => string;
  readonly #change: (experimentId: string) => void;
  readonly #logs = new Map<string, ValidationLog>();
  /** As chosen; `undefined` for the metric that ranks checkpoints. */
  #metric: string | undefined;
  /** What the page shows, as text. */
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
    const runs = this.#runs.all.filter(({ manifest }) => manifest.experiment.id === id);
    const message = runs.length > 0 ? await this.#messageOf(runs) : gone;
    const text = JSON.stringify(message);
    if (fresh || text !== this.#shown) post(message);
    this.#shown = text;
    return runs.some(({ status }) => isLiving(status));
  }

  receive(change: Change): void {
    if (change.type === 'selectMetric') this.#metric = change.metric;
    else {
      this.#logs.clear();
      this.#change(change.id);
    }
  }

  dispose(): void {
    this.#logs.clear();
  }

  async #messageOf(runs: readonly LocatedRun[]): Promise<SeedVarianceShow | EmptyMessage> {
    const validated = await Promise.all(
      runs.map(async (run) => {
        const log = this.#logOf(run);
        await log.update();
        return { run, validations: log.validations };
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
    };
  }

  #logOf(run: LocatedRun): ValidationLog {
    const { id } = run.manifest;
    const log = this.#logs.get(id) ?? new ValidationLog(new EventTail(run.folder));
    this.#logs.set(id, log);
    return log;
  }
}

const gone: EmptyMessage = {
  type: 'empty',
  reason: 'This experiment is gone. Open another one from the run explorer.',
};

function waiting(runs: readonly LocatedRun[]): EmptyMessage {
  const living = runs.some(({ status }) => isLiving(status));
  const reason = living
    ? 'Waiting for the first validation.'
    : 'No run of this experiment reached a validation.';
  return { type: 'empty', reason };
}

/** Named after the first run of each. */
function choicesOf(runs: readonly LocatedRun[]): ExperimentChoice[] {
  const experiments = new Map<string, LocatedRun>();
  for (const run of [...runs].sort(latestFirst)) experiments.set(run.manifest.experiment.id, run);
  return [...experiments.values()].map(choiceOf);
}

function choiceOf({ manifest }: LocatedRun): ExperimentChoice {
  return { id: manifest.experiment.id, label: experimentWords(manifest, vscode.env.language) };
}
