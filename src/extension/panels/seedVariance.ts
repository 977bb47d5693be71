import * as vscode from 'vscode';
import { soupTable } from '../../experiment/report/soupTable.ts';
import { recordedSoups } from '../../experiment/soups/recordedSoups.ts';
import { betterOf, metricNames } from '../../experiment/validatedRuns.ts';
import { launchLabels } from '../../runs/facets.ts';
import { experimentKey } from '../../runs/identity.ts';
import { isActive } from '../../runs/status.ts';
import { runNodeId } from '../explorer/tree.ts';
import type { PredictionsRequest } from '../messages/predictions.ts';
import type { EmptyMessage } from '../messages/run.ts';
import {
  type SeedVarianceRequest,
  type SeedVarianceShow,
  type SeedVarianceState,
  seedVarianceRequest,
  seedVarianceState,
} from '../messages/seedVariance.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import { choicesOf } from './experimentChoices.ts';
import type { Content, PanelServices } from './livePage.ts';
import type { PanelKind } from './panelGroup.ts';
import { RunReaders } from './runReader.ts';
import { AgreementWatch } from './seedAgreement.ts';
import { seriesOf } from './seedSeries.ts';
import { VerdictWatch } from './seedVerdict.ts';

type OpenPredictions = (experimentId: string, ...requests: readonly PredictionsRequest[]) => void;

/** The kind of panel that compares the runs of one experiment. */
export function seedVariancePanel(
  { runs, selection }: PanelServices,
  openPredictions: OpenPredictions,
): PanelKind<SeedVarianceShow, SeedVarianceRequest, SeedVarianceState> {
  return {
    name: 'seedVariance',
    title: (experimentId) => {
      const launch = launchLabels(runs.all, vscode.env.language).get(experimentId);
      return launch === undefined
        ? vscode.l10n.t('Seed variance')
        : vscode.l10n.t('Seed variance: {0}', launch);
    },
    state: seedVarianceState,
    subjectOf: (state) =>
      state?.experimentId ?? (selection.current ? experimentKey(selection.current) : ''),
    content: (experimentId, change, state) =>
      new SeedVarianceContent(runs, experimentId, change, openPredictions, state?.metric),
  };
}

class SeedVarianceContent implements Content<SeedVarianceShow, SeedVarianceRequest> {
  readonly requests = seedVarianceRequest;
  readonly #runs: WorkspaceRuns;
  readonly #experimentId: () => string;
  readonly #change: (experimentId: string) => void;
  readonly #openPredictions: OpenPredictions;
  readonly #readers = new RunReaders();
  #verdict = new VerdictWatch();
  #agreements = new AgreementWatch();
  /** The user's choice; `undefined` for the metric that ranks checkpoints. */
  #metric: string | undefined;
  /** What the page shows, as JSON. */
  #shown = '';

  constructor(
    runs: WorkspaceRuns,
    experimentId: () => string,
    change: (experimentId: string) => void,
    openPredictions: OpenPredictions,
    metric: string | undefined,
  ) {
    this.#runs = runs;
    this.#experimentId = experimentId;
    this.#change = change;
    this.#openPredictions = openPredictions;
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
    switch (request.type) {
      case 'selectMetric':
        this.#metric = request.metric;
        return;
      case 'openPredictions': {
        const { aggregator, index } = request;
        this.#openPredictions(
          this.#experimentId(),
          { type: 'look', look: { aggregator, seed: null, only: 'disputed' } },
          { type: 'openExample', index },
        );
        return;
      }
      case 'addSeeds':
        return void this.#addSeeds();
      case 'selectExperiment':
        this.#readers.dispose();
        this.#verdict = new VerdictWatch();
        this.#agreements = new AgreementWatch();
        this.#change(request.id);
    }
  }

  dispose(): void {
    this.#readers.dispose();
  }

  async #addSeeds(): Promise<void> {
    const run = this.#runs.all.find((one) => experimentKey(one) === this.#experimentId());
    if (run) await vscode.commands.executeCommand('grain.addSeeds', runNodeId(run.folder));
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
    const choices = choicesOf(this.#runs.all, vscode.env.language);
    return {
      type: 'show',
      experiment: choices.find(({ id }) => id === this.#experimentId())!,
      choices,
      metric,
      better: betterOf(runs, metric),
      metrics,
      series: seriesOf(validated, metric),
      verdict: await this.#verdict.update(validated, metric),
      soups: soupTable(await recordedSoups(runs)),
      canAddSeeds: vscode.workspace.isTrusted && !runs.some(({ status }) => isActive(status)),
      agreements: await this.#agreements.update(runs),
    };
  }
}

const deleted: EmptyMessage = {
  type: 'empty',
  reason: vscode.l10n.t('This experiment was deleted. Open another one from the run explorer.'),
};

function waiting(runs: readonly LocatedRun[]): EmptyMessage {
  const active = runs.some(({ status }) => isActive(status));
  const reason = active
    ? vscode.l10n.t('Waiting for the first validation.')
    : vscode.l10n.t('No run of this experiment has been validated.');
  return { type: 'empty', reason };
}
