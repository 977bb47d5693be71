import * as vscode from 'vscode';
import type { Actions } from './actions.ts';
import { AlarmNotifications, type AlarmPanel } from './alarmNotifications.ts';
import type { ConfigEditing } from './configs/editing.ts';
import { Example } from './configs/example.ts';
import { isConfigFile } from './configs/names.ts';
import { Disposable } from './disposable.ts';
import { EndNotifications } from './endNotifications.ts';
import { RunExplorer } from './explorer/runExplorer.ts';
import { runNodeId } from './explorer/tree.ts';
import type { GrainCommand } from './launch/grainProcess.ts';
import type { Panels } from './panels/panels.ts';
import { Targets, targetOf } from './targets.ts';
import { WindowStatus } from './windowStatus.ts';
import { Selection } from './workspace/selection.ts';
import { WorkspaceRuns } from './workspace/workspaceRuns.ts';

/** The kinds of panels that VS Code restores after a reload. */
const PANELS = ['weights', 'conflict', 'seedVariance', 'compare', 'predictions'] as const;

/**
 * What is there in every window: the runs of the workspace, explorer, status bar and notifications. The rest is loaded when it is
 * first used: panels, the editing of configs, and the actions behind the commands.
 */
export class Workbench extends Disposable {
  readonly #actions: () => Promise<Actions>;
  readonly #editing: () => Promise<ConfigEditing>;

  constructor(context: vscode.ExtensionContext) {
    super();
    const { extensionUri, globalStorageUri, globalState } = context;
    const storage = globalStorageUri.fsPath;
    const grain = () => grainCommand(extensionUri, storage);
    const log = this.register(vscode.window.createOutputChannel('GRAIN', { log: true }));
    const runs = this.register(new WorkspaceRuns(log));
    const selection = this.register(new Selection(runs));
    const explorer = this.register(
      new RunExplorer(runs, selection, async (run) => (await panels()).guaranteeOf(run)),
    );
    const targets = new Targets(runs, selection, explorer);
    const select = (folders: readonly string[]) => {
      selection.follow(() => folders);
      void explorer.reveal(folders);
    };

    const panels = once(async () => {
      const { Panels } = await import('./panels/panels.ts');
      return this.register(new Panels({ extensionUri, runs, selection, log, grain, select }));
    });
    this.#editing = once(async () => {
      const { ConfigEditing } = await import('./configs/editing.ts');
      return this.register(new ConfigEditing(runs));
    });
    let loaded: Actions | undefined;
    this.#actions = once(async () => {
      const [{ Actions }, { problems }] = await Promise.all([
        import('./actions.ts'),
        this.#editing(),
      ]);
      const parts = { runs, targets, explorer, problems, panels, grain, select, storage, example };
      loaded = this.register(new Actions({ ...parts, memory: context }));
      return loaded;
    });
    const example = new Example({
      extensionUri,
      memory: globalState,
      run: async (config) => (await this.#actions()).launcher.run(config),
    });

    this.#registerPanels(panels);
    this.#editOpenConfigs();
    this.register(new WindowStatus(runs));
    const showAlarm = async (folder: string, panel: AlarmPanel) => {
      select([folder]);
      if (panel === 'metrics') await vscode.commands.executeCommand('grain.metrics.focus');
      else (await panels())[panel].open(folder);
    };
    this.register(new AlarmNotifications({ runs, show: showAlarm }));
    this.register(
      new EndNotifications({
        runs,
        outcomeOf: async (all) => (await import('../experiment/outcome.ts')).experimentOutcome(all),
        isToldOf: (run) => loaded?.launcher.isTraining(run) ?? false,
        compare: async (experiment) => (await panels()).seedVariance.open(experiment),
        showOutput: ({ folder }) =>
          vscode.commands.executeCommand('grain.showOutput', runNodeId(folder)),
        resume: async (run) => (await this.#actions()).launcher.resume(run),
      }),
    );
  }

  /** Runs a command. @param clicked @param selected what VS Code says that it was called on */
  async run(command: string, clicked: unknown, selected: unknown): Promise<unknown> {
    return (await this.#actions()).run(command, targetOf(clicked, selected));
  }

  #registerPanels(panels: () => Promise<Panels>): void {
    for (const name of PANELS) {
      this.register(
        vscode.window.registerWebviewPanelSerializer(`grain.${name}`, {
          deserializeWebviewPanel: async (panel, saved) =>
            (await panels())[name].restore(panel, saved),
        }),
      );
    }
    this.register(
      vscode.window.registerWebviewViewProvider('grain.metrics', {
        resolveWebviewView: async (view) => (await panels()).metrics.resolveWebviewView(view),
      }),
    );
  }

  /** From the first config in an editor on. */
  #editOpenConfigs(): void {
    const { textDocuments, onDidOpenTextDocument } = vscode.workspace;
    const isConfig = ({ uri }: vscode.TextDocument) =>
      uri.scheme === 'file' && isConfigFile(uri.path);
    if (textDocuments.some(isConfig)) return void this.#editing();
    const waiting = this.register(
      onDidOpenTextDocument((document) => {
        if (!isConfig(document)) return;
        waiting.dispose();
        void this.#editing();
      }),
    );
  }
}

/** Loads something when it is first asked for. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => (loading ??= load());
}

/** The bundled `grain`, run by the Node of the settings or else by the one that runs this extension, with the Python of the settings. */
function grainCommand(extensionUri: vscode.Uri, storage: string): GrainCommand {
  const settings = vscode.workspace.getConfiguration('grain');
  const python = settings.get<string>('pythonPath')?.trim();
  const proxy = vscode.workspace.getConfiguration('http').get<string>('proxy')?.trim();
  return {
    node: settings.get<string>('nodePath')?.trim() || process.execPath,
    script: vscode.Uri.joinPath(extensionUri, 'dist', 'grain.js').fsPath,
    ...(python && { python }),
    storage,
    ...(proxy && { proxy }),
  };
}
