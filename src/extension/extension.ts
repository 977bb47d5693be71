import * as vscode from 'vscode';
import { AlarmNotifications, type AlarmPanel } from './alarmNotifications.ts';
import { Commands } from './commands.ts';
import { ConfigHints } from './configHints.ts';
import { ConfigResults } from './configResults.ts';
import { ConfigHelp } from './configs/configHelp.ts';
import { Example } from './configs/example.ts';
import { OpenConfigs } from './configs/openConfigs.ts';
import { ConfigProblems } from './configs/problems.ts';
import { EndNotifications } from './endNotifications.ts';
import { RunExplorer } from './explorer/runExplorer.ts';
import { runNodeId } from './explorer/tree.ts';
import { ExplorerCommands } from './explorerCommands.ts';
import type { GrainCommand } from './launch/grainProcess.ts';
import { Launcher } from './launch/launcher.ts';
import { Prober } from './launch/prober.ts';
import { conflictMessages } from './messages/conflict.ts';
import { weightsMessages } from './messages/weights.ts';
import { comparePanel, comparison } from './panels/compare/comparePanel.ts';
import type { PanelServices } from './panels/livePage.ts';
import { MetricsView } from './panels/metricsView.ts';
import { PanelGroup, runPanel } from './panels/panelGroup.ts';
import { predictionsPanel } from './panels/predictions.ts';
import { RunFeeds } from './panels/runFeed.ts';
import { seedVariancePanel } from './panels/seedVariance.ts';
import { GpuSetup } from './setup/gpuSetup.ts';
import { Targets } from './targets.ts';
import { WindowStatus } from './windowStatus.ts';
import { Selection } from './workspace/selection.ts';
import { WorkspaceRuns } from './workspace/workspaceRuns.ts';

export function activate(context: vscode.ExtensionContext): void {
  const { extensionUri, globalStorageUri, subscriptions } = context;
  const storage = globalStorageUri.fsPath;
  const own = <T extends vscode.Disposable>(disposable: T): T => {
    subscriptions.push(disposable);
    return disposable;
  };
  const log = own(vscode.window.createOutputChannel('GRAIN', { log: true }));
  const runs = own(new WorkspaceRuns(log));
  const selection = own(new Selection(runs));
  const feeds = own(new RunFeeds());
  const explorer = own(new RunExplorer(runs, selection, (run) => feeds.guaranteeOf(run)));
  const problems = own(new ConfigProblems());
  const select = (folders: readonly string[]) => {
    selection.set(folders);
    void explorer.reveal(folders);
  };
  /** Without taking the focus from the config that is being edited. */
  const showMetrics = () =>
    vscode.commands.executeCommand('grain.metrics.focus', { preserveFocus: true });
  const grain = () => grainCommand(extensionUri, storage);
  const launcher = new Launcher({
    grain,
    runs,
    problems,
    onStarted: (started) => {
      select(started.map(({ folder }) => folder));
      void showMetrics();
    },
  });
  const prober = own(new Prober({ grain, problems, memory: context }));
  const example = new Example({
    extensionUri,
    memory: context.globalState,
    run: (config) => launcher.run(config),
  });

  const services: PanelServices = {
    extensionUri,
    runs,
    selection,
    feeds,
    log,
  };
  const predictions = own(new PanelGroup(predictionsPanel(services, grain), services));
  const panels = {
    predictions,
    weights: own(
      new PanelGroup(runPanel('weights', 'Weights', weightsMessages, services), services),
    ),
    conflict: own(
      new PanelGroup(
        runPanel('conflict', 'Conflict', conflictMessages, services, { besideMean: true }),
        services,
      ),
    ),
    seedVariance: own(
      new PanelGroup(
        seedVariancePanel(services, (experiment, ...requests) =>
          predictions.open(experiment, ...requests),
        ),
        services,
      ),
    ),
    compare: own(new PanelGroup(comparePanel(services), services)),
  };
  const metrics = new MetricsView(services, (runId) => select([runId]));
  own(vscode.window.registerWebviewViewProvider('grain.metrics', metrics));

  own(new WindowStatus(runs));
  own(new ConfigHelp());
  const configs = own(new OpenConfigs(runs));
  own(new ConfigResults(configs));
  own(new ConfigHints(configs));
  const showAlarm = (runId: string, panel: AlarmPanel) => {
    select([runId]);
    if (panel === 'metrics') void vscode.commands.executeCommand('grain.metrics.focus');
    else panels[panel].open(runId);
  };
  own(new AlarmNotifications({ runs, show: showAlarm }));
  own(
    new EndNotifications({
      runs,
      isToldOf: (run) => launcher.isTraining(run),
      compare: (experiment) => panels.seedVariance.open(experiment),
      showOutput: ({ folder }) =>
        vscode.commands.executeCommand('grain.showOutput', runNodeId(folder)),
      resume: (run) => launcher.resume(run),
    }),
  );
  const targets = new Targets(runs, selection, explorer);
  const compare = (folders: readonly string[]) => panels.compare.open(comparison(folders));
  own(new ExplorerCommands({ runs, targets, explorer, grain, compare }));
  own(new GpuSetup(storage));
  own(new Commands({ runs, targets, launcher, prober, example, grain, panels }));
}

/** The bundled `grain`, run by the Node of the settings or else by the one that runs this extension, with the Python of the settings. */
function grainCommand(extensionUri: vscode.Uri, storage: string): GrainCommand {
  const settings = vscode.workspace.getConfiguration('grain');
  const python = settings.get<string>('pythonPath')?.trim();
  return {
    node: settings.get<string>('nodePath')?.trim() || process.execPath,
    script: vscode.Uri.joinPath(extensionUri, 'dist', 'grain.js').fsPath,
    ...(python && { python }),
    storage,
  };
}
