import path from 'node:path';
import * as vscode from 'vscode';
import { type Diagnostic, explain } from '../../config/diagnostic.ts';
import { hasCode } from '../../config/errors.ts';
import { formatFailure } from '../../runs/failure.ts';
import { formatRun } from '../../runs/format.ts';
import { type Loading, loadingMessageSchema } from '../../runs/loading.ts';
import { isActive } from '../../runs/status.ts';
import { formatPlan } from '../configs/plan.ts';
import { type ConfigProblems, rangeOf } from '../configs/problems.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import {
  deleteOutput,
  errorLine,
  type GrainCommand,
  type Launch,
  launch,
  resultOf,
} from './grainProcess.ts';
import { showProgress } from './progress.ts';
import { showMistake, validConfig } from './validConfig.ts';

/** Exit statuses of `grain` that are not failures: finished and stopped. */
const NOT_FAILED = new Set([0, 130]);

const SHOW_LOG = vscode.l10n.t('Show log');
const LESS_MEMORY = vscode.l10n.t('Resume with less memory');
const CHECKPOINTING: readonly string[] = ['--checkpointing'];

/** Whether gradient checkpointing is likely to help a run that failed. */
function canSaveMemory({ failure }: LocatedRun): boolean {
  return failure?.remedy === 'checkpointing';
}

interface Parts {
  readonly grain: () => GrainCommand;
  readonly runs: WorkspaceRuns;
  readonly problems: ConfigProblems;
  /** Shows the runs of a new launch. */
  readonly onStarted: (runs: readonly LocatedRun[]) => void;
}

/** Runs that were started. */
export interface Started {
  /** Stops them as soon as they can, with a checkpoint; while they are loading, at once. */
  cancel(): void;
  /** Resolves when their process has exited. */
  readonly ended: Promise<unknown>;
}

/** Starts runs as separate processes and reports how they ended. */
export class Launcher {
  readonly #parts: Parts;
  /** Of the launches whose processes have not ended: whether a run is theirs. */
  readonly #launches = new Set<(run: LocatedRun) => boolean>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether a process that this window started trains the run: its failure is then shown at its end. */
  isTraining(run: LocatedRun): boolean {
    return [...this.#launches].some((isMine) => isMine(run));
  }

  /** Starts the runs of a config, unless it contains mistakes. @param flags of `grain run` @returns undefined if nothing was started */
  async run(config: vscode.Uri, flags: readonly string[] = []): Promise<Started | undefined> {
    const valid = await validConfig(config, this.#parts.problems);
    if (!valid) return undefined;
    const { folder } = valid;
    const known = new Set(this.#parts.runs.all.map((run) => run.folder));
    const configPath = path.relative(folder.uri.fsPath, config.fsPath).replaceAll('\\', '/');
    return this.#start(
      vscode.l10n.t('Starting {0}, {1}', configPath, formatPlan(valid.config)),
      // The explorer looks for .grain in the workspace folder, not beside the config.
      ['run', config.fsPath, '--out', folder.uri.fsPath, ...flags],
      folder,
      (run) =>
        run.workspaceFolder.uri.fsPath === folder.uri.fsPath &&
        !known.has(run.folder) &&
        run.manifest.configPath === configPath,
    );
  }

  /** Resumes a run from its last checkpoint; asks how if it ran out of memory and less would be possible. */
  async resume(run: LocatedRun): Promise<void> {
    if (!canSaveMemory(run)) return this.#resume([run], []);
    const options = [
      {
        label: LESS_MEMORY,
        detail: vscode.l10n.t(
          'With gradient checkpointing: takes more time, with the same results.',
        ),
        flags: CHECKPOINTING,
      },
      {
        label: vscode.l10n.t('Resume unchanged'),
        detail: vscode.l10n.t('If more memory is available now.'),
        flags: [],
      },
    ];
    const placeHolder = vscode.l10n.t('{0} ran out of memory', formatRun(run.manifest));
    const chosen = await vscode.window.showQuickPick(options, { placeHolder });
    if (chosen) await this.#resume([run], chosen.flags);
  }

  /** Trains runs on, from their last checkpoint, until they have so many steps. @param runs one, or all of one experiment */
  extend(runs: readonly LocatedRun[], steps: number): Promise<void> {
    return this.#resume(runs, ['--steps', String(steps)]);
  }

  /** @param runs one, or several of one experiment: then all its unfinished runs are resumed */
  async #resume(runs: readonly LocatedRun[], flags: readonly string[]): Promise<void> {
    const [first] = runs;
    if (!first) return;
    const { experiment, id } = first.manifest;
    const [named, title] =
      runs.length > 1 ? [experiment.id, experiment.name] : [id, formatRun(first.manifest)];
    const folders = new Set(runs.map((run) => run.folder));
    await this.#start(
      vscode.l10n.t('Resuming {0}', title),
      ['run', '--resume', named, ...flags],
      first.workspaceFolder,
      (run) => folders.has(run.folder),
    );
  }

  async #start(
    title: string,
    args: readonly string[],
    folder: vscode.WorkspaceFolder,
    isMine: (run: LocatedRun) => boolean,
  ): Promise<Started | undefined> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('Runs can be started only in a trusted workspace.'),
      );
      return undefined;
    }
    const { grain, runs, onStarted } = this.#parts;
    const command = grain();
    const onEnd = vscode.workspace.getConfiguration('grain', folder).get<string>('onEnd')?.trim();
    const loading = new vscode.EventEmitter<Loading>();
    let launched: Launch;
    try {
      launched = await launch(
        command,
        [...args, ...(onEnd ? ['--on-end', onEnd] : []), '--json', '--progress', 'ipc'],
        folder.uri.fsPath,
        (message) => {
          const { data } = loadingMessageSchema.safeParse(message);
          if (data) loading.fire(data.loading);
        },
      );
    } catch (error) {
      const { message } = error as Error;
      void vscode.window.showErrorMessage(
        vscode.l10n.t('Cannot start {0}: {1}', command.node, message),
      );
      return undefined;
    }
    const { pid, ended } = launched;
    const mine = () => runs.all.filter(isMine);
    const active = () => mine().filter(({ status }) => isActive(status));
    let terminated = false;
    let hasEnded = false;
    this.#launches.add(isMine);
    const expecting = runs.expect();
    const appearing = runs.onDidChange(() => {
      if (active().length === 0) return;
      appearing.dispose();
      onStarted(mine());
    });
    const cancel = () => {
      // By now another process may have its id.
      if (hasEnded) return;
      if (mine().some(({ status }) => status === 'running')) {
        for (const { store, manifest } of active()) void store.requestStop(manifest.id);
        return;
      }
      // While loading, there is nothing to save: terminate at once.
      terminated = true;
      terminate(pid);
    };
    void showProgress(runs, { title, mine, ended, onLoading: loading.event, cancel });
    void ended.then(async (status) => {
      hasEnded = true;
      expecting.dispose();
      await runs.refresh();
      this.#launches.delete(isMine);
      appearing.dispose();
      loading.dispose();
      if (terminated || (status !== null && NOT_FAILED.has(status))) await deleteOutput(launched);
      else await this.#showFailure(launched, folder, mine());
    });
    return { cancel, ended };
  }

  async #showFailure(
    launched: Launch,
    folder: vscode.WorkspaceFolder,
    mine: readonly LocatedRun[],
  ): Promise<void> {
    const result = await resultOf(launched);
    const error = result && 'error' in result ? result.error : undefined;
    if (error?.diagnostics) {
      await deleteOutput(launched);
      return this.#showMistakes(error.diagnostics, folder);
    }
    const failed = mine.find(({ status }) => status === 'failed');
    const reason = failed?.failure ? formatFailure(failed.failure) : error?.message;
    const subject = failed ? formatRun(failed.manifest) : vscode.l10n.t('The run');
    const outOfMemory = mine.filter(canSaveMemory);
    const actions = outOfMemory.length > 0 ? [LESS_MEMORY, SHOW_LOG] : [SHOW_LOG];
    const answer = await vscode.window.showErrorMessage(
      vscode.l10n.t('{0} failed: {1}', subject, reason ?? (await errorLine(launched))),
      ...actions,
    );
    if (answer === SHOW_LOG) await vscode.window.showTextDocument(vscode.Uri.file(launched.stderr));
    if (answer === LESS_MEMORY) await this.#resume(outOfMemory, CHECKPOINTING);
  }

  /** @param found with paths that are absolute or relative to `folder` */
  async #showMistakes(
    found: readonly Diagnostic[],
    { uri }: vscode.WorkspaceFolder,
  ): Promise<void> {
    const diagnostics = found.map((it) => ({ ...it, file: path.resolve(uri.fsPath, it.file) }));
    this.#parts.problems.show(diagnostics);
    const [first] = diagnostics;
    if (!first) return;
    const location = new vscode.Location(vscode.Uri.file(first.file), rangeOf(first));
    await showMistake(explain(first), location);
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // The process may already have exited.
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
