/** The actions of the palette and the menus. */
import * as vscode from 'vscode';
import { latestExperiment } from '../experiment/experiments.ts';
import { formatCount, formatSeed, runsTold } from '../runs/format.ts';
import { runFile } from '../runs/grainFolder.ts';
import { experimentKey } from '../runs/identity.ts';
import { isActive, isResumable } from '../runs/status.ts';
import type { Example } from './configs/example.ts';
import { findConfigs, pickConfig } from './configs/files.ts';
import { isConfigFile } from './configs/names.ts';
import { ConfigWizard } from './configWizard.ts';
import { Disposable } from './disposable.ts';
import { type GrainCommand, runToEnd } from './launch/grainProcess.ts';
import type { Launcher } from './launch/launcher.ts';
import type { Prober } from './launch/prober.ts';
import type { Panels } from './panels/panels.ts';
import type { Action, Targets } from './targets.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

/** How long the status bar says what is being stopped. */
const STOPPING_MS = 5_000;
/** The address of the last cluster. */
const CLUSTER = 'ray.address';

interface Parts {
  readonly runs: WorkspaceRuns;
  readonly targets: Targets;
  readonly launcher: Launcher;
  readonly prober: Prober;
  readonly example: Example;
  readonly grain: () => GrainCommand;
  readonly panels: () => Promise<Panels>;
  readonly memory: vscode.Memento;
}

/** Actions that start, end and show runs. */
export class Commands extends Disposable {
  readonly actions: Readonly<Record<string, Action>>;
  readonly #parts: Parts;
  readonly #doctorOutput = this.register(vscode.window.createOutputChannel('GRAIN doctor'));

  readonly #wizard: ConfigWizard;

  constructor(parts: Parts) {
    super();
    this.#parts = parts;
    this.#wizard = new ConfigWizard({
      grain: parts.grain,
      run: (config) => parts.launcher.run(config),
    });
    this.actions = {
      run: (target) => this.#run(target),
      runOnRay: (target) => this.#runOnRay(target),
      probe: (target) => this.#probe(target),
      tryExample: () => parts.example.try(),
      createConfig: () => this.#wizard.create(),
      stop: (target) => this.#stop(target),
      resume: (target) => this.#resume(target),
      extend: (target) => this.#extend(target),
      addSeeds: (target) => this.#addSeeds(target),
      delete: (target) => this.#delete(target),
      openWeights: (target) =>
        this.#open(target, ({ weights }, { folder }) => weights.open(folder)),
      openConflict: (target) =>
        this.#open(target, ({ conflict }, { folder }) => conflict.open(folder)),
      openSeedVariance: (target) =>
        this.#open(target, ({ seedVariance }, run) => seedVariance.open(experimentKey(run))),
      compare: (target) => this.#compare(target),
      openPredictions: (target) => this.#openPredictions(target),
      showOutput: (target) => this.#showOutput(target),
      reveal: (target) => this.#reveal(target),
      doctor: () => this.#doctor(),
      refresh: () => parts.runs.refresh(),
    };
  }

  /** Runs the given config, the one in the editor, or one of the workspace. */
  async #run(target: unknown): Promise<void> {
    const { launcher, prober, runs } = this.#parts;
    const config = await this.#config(target, vscode.l10n.t('Run GRAIN fine-tune'));
    if (!config) return;
    const isNew = !runs.all.some(({ manifest, workspaceFolder: { uri } }) =>
      isSameFile(vscode.Uri.joinPath(uri, manifest.configPath), config),
    );
    const started = await launcher.run(config);
    if (started && isNew) await prober.offer(config, started);
  }

  /** Runs a config on a cluster that the user names, by default the one of the last time. */
  async #runOnRay(target: unknown): Promise<void> {
    const { launcher, memory } = this.#parts;
    const title = vscode.l10n.t('Run on a Ray cluster');
    const config = await this.#config(target, title);
    if (!config) return;
    const typed = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t(
        'Its address: host:6379 on a machine of the cluster, ray://host:10001 from elsewhere, auto for the cluster that this machine belongs to.',
      ),
      value: memory.get(CLUSTER, 'auto'),
    });
    const address = typed?.trim();
    if (!address) return;
    await memory.update(CLUSTER, address);
    await launcher.run(config, ['--ray', address]);
  }

  async #probe(target: unknown): Promise<void> {
    const config = await this.#config(target, vscode.l10n.t('Probe config'));
    if (config) await this.#parts.prober.probe(config);
  }

  /** The given config, the one in the editor, or one of the workspace. */
  async #config(target: unknown, title: string): Promise<vscode.Uri | undefined> {
    if (target instanceof vscode.Uri) return target;
    const edited = vscode.window.activeTextEditor?.document.uri;
    if (edited?.scheme === 'file' && isConfigFile(edited.path)) return edited;
    const configs = await findConfigs();
    if (configs.length > 0) return pickConfig(configs, title);
    await this.#offerConfig();
    return undefined;
  }

  async #offerConfig(): Promise<void> {
    const [create, example] = [
      vscode.l10n.t('Create config'),
      vscode.l10n.t('Try an example'),
    ] as const;
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('No config found. A grain.yaml says what to fine-tune, and how.'),
      create,
      example,
    );
    if (answer === create) await this.#wizard.create();
    if (answer === example) await this.#parts.example.try();
  }

  /** The runs’ processes end them as soon as they can, with a checkpoint. */
  async #stop(target: unknown): Promise<void> {
    const runs = await this.#parts.targets.chosenTogether(
      target,
      vscode.l10n.t('Stop which experiment?'),
      ({ status }) => isActive(status),
    );
    await Promise.all(runs.map(({ store, manifest }) => store.requestStop(manifest.id)));
    const [first] = runs;
    if (!first) return;
    const what = runsTold(runs.map(({ manifest }) => manifest));
    vscode.window.setStatusBarMessage(
      vscode.l10n.t('Stopping {0}, to be resumed later', what),
      STOPPING_MS,
    );
  }

  async #resume(target: unknown): Promise<void> {
    const { targets, launcher } = this.#parts;
    const runs = await targets.chosen(target, vscode.l10n.t('Resume which run?'), ({ status }) =>
      isResumable(status),
    );
    for (const run of runs) await launcher.resume(run);
  }

  /** Of an experiment or method all runs, so that they stay comparable. */
  async #extend(target: unknown): Promise<void> {
    const { targets, launcher } = this.#parts;
    const ended = ({ status }: LocatedRun) => !isActive(status);
    const [first] = await targets.chosen(target, vscode.l10n.t('Train which run on?'), ended);
    if (!first) return;
    const together = this.#parts.runs.all.filter(
      (run) => experimentKey(run) === experimentKey(first),
    );
    const least = Math.max(...together.map(({ manifest }) => manifest.steps)) + 1;
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t(
        'Steps of {0} of {1}',
        formatCount(together.length, 'run'),
        first.manifest.experiment.name,
      ),
      prompt: vscode.l10n.t(
        'All runs of the experiment are trained on to this step, from their last checkpoints.',
      ),
      value: String(2 * (least - 1)),
      validateInput: (typed) =>
        /^\d+$/.test(typed) && Number(typed) >= least
          ? null
          : vscode.l10n.t('Expected a whole number of at least {0}.', least),
    });
    if (text !== undefined) await launcher.extend(together, Number(text));
  }

  /** Seeds are added to the latest experiment of a config: what an older one was trained with may have changed. */
  async #addSeeds(target: unknown): Promise<void> {
    const { targets, launcher, runs } = this.#parts;
    const chosen = await targets.chosenTogether(
      target,
      vscode.l10n.t('Add seeds to which experiment?'),
    );
    const [first] = chosen;
    if (!first) return;
    const { configPath, experiment } = first.manifest;
    const config = vscode.Uri.joinPath(first.workspaceFolder.uri, configPath);
    const ofConfig = runs.all.filter(
      ({ manifest, workspaceFolder }) =>
        manifest.configPath === configPath && workspaceFolder === first.workspaceFolder,
    );
    const latest = latestExperiment(ofConfig);
    if (latest[0]!.manifest.experiment.id !== experiment.id) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t(
          'Seeds can be added only to the latest launch of {0}. Run it again, or open its latest launch.',
          configPath,
        ),
      );
      return;
    }
    const seeds = new Set(latest.map(({ manifest }) => formatSeed(manifest.seed))).size;
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Add seeds to {0}', experiment.name),
      prompt: vscode.l10n.t(
        'So many more for every method, besides the {0} that there are. Decide on the number before you look at p values: adding until a difference shows finds differences where there are none.',
        seeds,
      ),
      value: String(seeds),
      validateInput: (typed) =>
        /^[1-9]\d{0,5}$/.test(typed)
          ? null
          : vscode.l10n.t('Expected a whole number of at least 1.'),
    });
    if (text !== undefined) await launcher.run(config, ['--add-seeds', text]);
  }

  /** Asks first: deletion is permanent. */
  async #delete(target: unknown): Promise<void> {
    const { targets, runs } = this.#parts;
    const chosen = await targets.chosen(
      target,
      vscode.l10n.t('Delete which run?'),
      ({ status }) => !isActive(status),
    );
    const [first] = chosen;
    if (!first) return;
    const what = runsTold(chosen.map(({ manifest }) => manifest));
    const yes = vscode.l10n.t('Delete');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Delete {0}?', what),
      {
        modal: true,
        detail: vscode.l10n.t('Log, checkpoints and predictions are deleted permanently.'),
      },
      yes,
    );
    if (answer !== yes) return;
    await runs.refresh();
    for (const { folder } of chosen) {
      // One of them may have been resumed while the question was open.
      const run = runs.find(folder);
      if (run && !isActive(run.status)) await run.store.delete(run.manifest.id);
    }
    await runs.refresh();
  }

  async #compare(target: unknown): Promise<void> {
    const runs = await this.#parts.targets.several(target, vscode.l10n.t('Compare which runs?'));
    if (runs.length === 0) return;
    (await this.#parts.panels()).openComparison(runs.map(({ folder }) => folder));
  }

  /** Of a run its own predictions, of a method or an experiment those of all seeds. */
  #openPredictions(target: unknown): Promise<void> {
    return this.#open(target, ({ predictions }, run) => {
      const { aggregator, seed } = run.manifest;
      const isOne = this.#parts.targets.all(target).length === 1;
      predictions.open(experimentKey(run), {
        type: 'look',
        look: { aggregator, seed: isOne ? formatSeed(seed) : null },
      });
    });
  }

  /** Shows the run that a command was called on in a panel. */
  async #open(target: unknown, show: (panels: Panels, run: LocatedRun) => void): Promise<void> {
    const run = this.#parts.targets.shown(target);
    if (run) show(await this.#parts.panels(), run);
    else void vscode.window.showInformationMessage(vscode.l10n.t('There are no runs yet.'));
  }

  async #showOutput(target: unknown): Promise<void> {
    const run = this.#parts.targets.shown(target);
    if (!run) return;
    const log = vscode.Uri.file(runFile(run.folder, 'output'));
    try {
      const document = await vscode.workspace.openTextDocument(log);
      // What happened last is of interest first.
      const end = document.lineAt(document.lineCount - 1).range.end;
      await vscode.window.showTextDocument(document, { selection: new vscode.Range(end, end) });
    } catch {
      void vscode.window.showInformationMessage(vscode.l10n.t('The run has no output yet.'));
    }
  }

  /** In the system's file manager or, where VS Code runs in a browser or remotely, in the Explorer. */
  async #reveal(target: unknown): Promise<void> {
    const run = this.#parts.targets.shown(target);
    if (!run) return;
    const isFar = vscode.env.uiKind === vscode.UIKind.Web || vscode.env.remoteName !== undefined;
    const command = isFar ? 'revealInExplorer' : 'revealFileInOS';
    await vscode.commands.executeCommand(command, vscode.Uri.file(runFile(run.folder, 'manifest')));
  }

  /** Shows what `grain doctor` prints. */
  async #doctor(): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const channel = this.#doctorOutput;
    channel.clear();
    channel.show(true);
    // In the folder in which runs start: packages that are installed there are found.
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'GRAIN doctor' },
      () => runToEnd(this.#parts.grain(), ['doctor'], folder, (text) => channel.append(text)),
    );
  }
}

function isSameFile(one: vscode.Uri, other: vscode.Uri): boolean {
  return one.toString() === other.toString();
}
