import * as vscode from 'vscode';
import type { RunSummary } from '../../runs/store.ts';
import { Disposable } from '../disposable.ts';
import type { GrainCommand } from '../launch/grainProcess.ts';
import { conflictMessages } from '../messages/conflict.ts';
import { weightsMessages } from '../messages/weights.ts';
import { comparePanel, comparison } from './compare/comparePanel.ts';
import type { PanelServices } from './livePage.ts';
import { MetricsView } from './metricsView.ts';
import { PanelGroup, runPanel } from './panelGroup.ts';
import { predictionsPanel } from './predictions.ts';
import { RunFeeds } from './runFeed.ts';
import { seedVariancePanel } from './seedVariance.ts';

interface Parts extends Omit<PanelServices, 'feeds'> {
  readonly grain: () => GrainCommand;
  /** Selects the runs in the folders. */
  readonly select: (folders: readonly string[]) => void;
}

/** All panels, and the metrics view. */
export class Panels extends Disposable {
  readonly weights;
  readonly conflict;
  readonly seedVariance;
  readonly compare;
  readonly predictions;
  readonly metrics: MetricsView;
  readonly #feeds = this.register(new RunFeeds());

  constructor({ grain, select, ...parts }: Parts) {
    super();
    const services: PanelServices = { ...parts, feeds: this.#feeds };
    const group = <Reply, Request, State>(
      kind: ConstructorParameters<typeof PanelGroup<Reply, Request, State>>[0],
    ) => this.register(new PanelGroup(kind, services));
    const predictions = group(predictionsPanel(services, grain));
    this.predictions = predictions;
    this.weights = group(runPanel('weights', vscode.l10n.t('Weights'), weightsMessages, services));
    this.conflict = group(
      runPanel('conflict', vscode.l10n.t('Conflict'), conflictMessages, services, {
        besideMean: true,
      }),
    );
    this.seedVariance = group(
      seedVariancePanel(services, (experiment, ...requests) =>
        predictions.open(experiment, ...requests),
      ),
    );
    this.compare = group(comparePanel(services));
    this.metrics = new MetricsView(services, (folder) => select([folder]));
  }

  openComparison(folders: readonly string[]): void {
    this.compare.open(comparison(folders));
  }

  /** The guarantee of a run, in a few words; null if that cannot be read. */
  guaranteeOf(run: RunSummary): Promise<string | null> {
    return this.#feeds.guaranteeOf(run);
  }
}
