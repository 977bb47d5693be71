import * as vscode from 'vscode';
import { deleteRuns, resume, stop } from './commands/control.ts';
import { doctor } from './commands/doctor.ts';
import { revealFolder, showOutput } from './commands/files.ts';
import { startRun } from './commands/start.ts';
import { Targets } from './commands/targets.ts';
import { createConfig } from './configs/create.ts';
import { ConfigProblems } from './configs/problems.ts';
import { Engine } from './engine.ts';
import { RunExplorer } from './explorer/runExplorer.ts';
import { Launcher } from './launch/launcher.ts';
import { conflictMessages } from './panels/conflict.ts';
import { MetricsView } from './panels/metricsView.ts';
import { PanelGroup } from './panels/panelGroup.ts';
import { RunFeeds } from './panels/runFeeds.ts';
import { runPanel } from './panels/runPanel.ts';
import { seedVariancePanel } from './panels/seedVariance.ts';
import type { Services } from './panels/services.ts';
import { weightsMessages } from './panels/weights.ts';
import { showInStatusBar } from './statusBar.ts';
import { keepContextKeys } from './workspace/contextKeys.ts';
import { Selection } from './workspace/selection.ts';
import { WorkspaceRuns } from './workspace/workspaceRuns.ts';

export function activate({ extensionUri, subscriptions }: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('GRAIN', { log: true });
  const doctorOutput = vscode.window.createOutputChannel('GRAIN doctor');
  const engine = new Engine();
  const runs = new WorkspaceRuns(log);
  const selection = new Selection(runs);
  const explorer = new RunExplorer(runs, selection);
  const problems = new ConfigProblems();
  const select = (runIds: readonly string[]) => {
    selection.set(runIds);
    void explorer.reveal(runIds);
  };
  const launcher = new Launcher({
    extensionUri,
    runs,
    problems,
    onStarted: (started) => select(started.map(({ manifest }) => manifest.id)),
  });

  const services: Services = { extensionUri, runs, selection, feeds: new RunFeeds(engine), log };
  const weights = new PanelGroup(
    runPanel('weights', 'Weights', weightsMessages, services),
    services,
  );
  const conflict = new PanelGroup(
    runPanel('conflict', 'Conflict', conflictMessages, services),
    services,
  );
  const seedVariance = new PanelGroup(seedVariancePanel(services), services);
  const metrics = new MetricsView(services, (runId) => select([runId]));

  const targets = new Targets(runs, selection, explorer);
  const commands: Record<string, (argument: unknown) => unknown> = {
    run: (config) => startRun(launcher, config),
    createConfig,
    stop: (node) => stop(targets, node),
    resume: (node) => resume(targets, launcher, node),
    openWeights: (node) => open(weights, targets.shown(node)?.manifest.id),
    openConflict: (node) => open(conflict, targets.shown(node)?.manifest.id),
    openSeedVariance: (node) => open(seedVariance, targets.shown(node)?.manifest.experiment.id),
    showOutput: (node) => showOutput(targets, node),
    reveal: (node) => revealFolder(targets, node),
    delete: (node) => deleteRuns(targets, runs, node),
    doctor: () => doctor(extensionUri, doctorOutput),
    refresh: () => runs.refresh(),
  };

  subscriptions.push(
    log,
    doctorOutput,
    engine,
    runs,
    selection,
    explorer,
    problems,
    weights,
    conflict,
    seedVariance,
    keepContextKeys(runs),
    showInStatusBar(runs),
    vscode.window.registerWebviewViewProvider('grain.metrics', metrics),
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(`grain.${name}`, command),
    ),
  );
}

function open(panels: { open(subject: string): void }, subject: string | undefined): void {
  if (subject === undefined) void vscode.window.showInformationMessage('There is no run yet.');
  else panels.open(subject);
}
