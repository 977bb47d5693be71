import path from 'node:path';
import * as vscode from 'vscode';
import { hasCode } from '../../runs/errno.ts';
import { failureText } from '../../runs/failure.ts';
import type { Loading } from '../../runs/loading.ts';
import { isLiving } from '../../runs/status.ts';
import { locatedMessages } from '../configs/located.ts';
import type { ConfigProblems } from '../configs/problems.ts';
import { runWords } from '../workspace/words.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import { forget, type GrainCommand, type Launch, launch, printed } from './grainProcess.ts';
import { showProgress } from './progress.ts';

/** Exit statuses of `grain` that are not a failure. */
const FINE = new Set([0, 130]);

const SHOW_LOG = 'Show log';
const LESS_MEMORY = 'Resume with less memory';
const LESS_MEMORY_MEANS = 'Gradient checkpointing: takes more time and comes to the same results.';
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

/** Starts runs as processes of their own and says how that went. */
export class Launcher {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Starts the runs of a config, if it has no mistakes. */
  async run(config: vscode.Uri): Promise<void> {
    const folder = vscode.workspace.getWorkspaceFolder(config);
    if (!folder) {
      void vscode.window.showErrorMessage('The config is not in a folder of this workspace.');
      return;
    }
    const document = await vscode.workspace.openTextDocument(config);
    if (document.isDirty) await document.save();
    const mistake = this.#parts.problems.check(document);
    if (mistake)
      return this.#showMistake(mistake.message, new vscode.Location(config, mistake.range));
    const known = new Set(this.#parts.runs.all.map(({ manifest }) => manifest.id));
    const configPath = path.relative(folder.uri.fsPath, config.fsPath).replaceAll('\\', '/');
    await this.#start(
      `Fine-tuning ${configPath}`,
      // The explorer looks for .grain in the workspace's folder, wherever below it the config is.
      ['run', config.fsPath, '--out', folder.uri.fsPath],
      folder,
      ({ manifest }) => !known.has(manifest.id) && manifest.configPath === configPath,
    );
  }

  /** Goes on with a run from its last checkpoint; asks how, if it found no memory and there is a way to take less. */
  async resume(run: LocatedRun): Promise<void> {
    if (!canSaveMemory(run)) return this.#resume([run], []);
    const ways = [
      { label: LESS_MEMORY, detail: LESS_MEMORY_MEANS, flags: CHECKPOINTING },
      { label: 'Resume as it was', detail: 'Where there is more memory now.', flags: [] },
    ];
    const placeHolder = `${runWords(run.manifest)} ran out of memory`;
    const way = await vscode.window.showQuickPick(ways, { placeHolder });
    if (way) await this.#resume([run], way.flags);
  }

  /** @param runs one, or several of one experiment, which are named by that */
  async #resume(runs: readonly LocatedRun[], flags: readonly string[]): Promise<void> {
    const [{ manifest, workspaceFolder }] = runs as [LocatedRun];
    const { experiment, id } = manifest;
    const [named, title] =
      runs.length > 1 ? [experiment.id, experiment.name] : [id, runWords(manifest)];
    const ids = new Set(runs.map((run) => run.manifest.id));
    await this.#start(
      `Resuming ${title}`,
      ['run', '--resume', named, ...flags],
      workspaceFolder,
      (run) => ids.has(run.manifest.id),
    );
  }

  async #start(
    title: string,
    args: readonly string[],
    folder: vscode.WorkspaceFolder,
    isMine: (run: LocatedRun) => boolean,
  ): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showErrorMessage('Starting a run needs trust in this workspace.');
      return;
    }
    const { grain, runs, onStarted } = this.#parts;
    const command = grain();
    const loading = new vscode.EventEmitter<Loading>();
    let launched: Launch;
    try {
      launched = await launch(
        command,
        [...args, '--json', '--progress', 'ipc'],
        folder.uri.fsPath,
        // It sends nothing else.
        (message) => loading.fire((message as { loading: Loading }).loading),
      );
    } catch (error) {
      const { message } = error as Error;
      void vscode.window.showErrorMessage(`${command.node} does not start: ${message}`);
      return;
    }
    const { pid, ended } = launched;
    const mine = () => runs.all.filter(isMine);
    const living = () => mine().filter(({ status }) => isLiving(status));
    let terminated = false;
    const expecting = runs.expect();
    const appearing = runs.onDidChange(() => {
      if (living().length === 0) return;
      appearing.dispose();
      onStarted(mine());
    });
    void showProgress(runs, {
      title,
      mine,
      ended,
      onLoading: loading.event,
      cancel: () => {
        if (mine().some(({ status }) => status === 'running')) return void stopRuns(living());
        // What loads looks for no request to stop, and has nothing to save.
        terminated = true;
        terminate(pid);
      },
    });
    void ended.then(async (status) => {
      expecting.dispose();
      await runs.refresh();
      appearing.dispose();
      loading.dispose();
      if (terminated || (status !== null && FINE.has(status))) await forget(launched);
      else await this.#showFailure(launched, folder, mine());
    });
  }

  async #showFailure(
    launched: Launch,
    folder: vscode.WorkspaceFolder,
    mine: readonly LocatedRun[],
  ): Promise<void> {
    const { stderr } = launched;
    const output = await printed(stderr);
    const located = locatedMessages(output);
    const resolve = (file: string) => vscode.Uri.file(path.resolve(folder.uri.fsPath, file));
    const place = this.#parts.problems.show(located, resolve);
    if (place) {
      await forget(launched);
      return this.#showMistake(located[0]!.message, place);
    }
    const failed = mine.find(({ status }) => status === 'failed');
    const reason =
      (failed?.failure && failureText(failed.failure)) ?? output.trim().split('\n').at(-1) ?? '';
    const message = failed ? `${runWords(failed.manifest)} failed` : 'The run failed';
    const short = mine.filter(canSaveMemory);
    const ways = short.length > 0 ? [LESS_MEMORY, SHOW_LOG] : [SHOW_LOG];
    const answer = await vscode.window.showErrorMessage(`${message}: ${reason}`, ...ways);
    if (answer === SHOW_LOG) await vscode.window.showTextDocument(vscode.Uri.file(stderr));
    if (answer === LESS_MEMORY) await this.#resume(short, CHECKPOINTING);
  }

  async #showMistake(message: string, { uri, range }: vscode.Location): Promise<void> {
    const file = vscode.workspace.asRelativePath(uri);
    const { line, character } = range.start;
    // A notification has no lines: VS Code would run them together.
    const text = `${file}:${line + 1}:${character + 1}: ${message.replaceAll(/\n\s*/g, '; ')}`;
    const answer = await vscode.window.showErrorMessage(text, 'Open problem');
    if (answer) await vscode.window.showTextDocument(uri, { selection: range });
  }
}

/** Asks the processes of the runs to end them as soon as they can. */
export async function stopRuns(runs: readonly LocatedRun[]): Promise<void> {
  await Promise.all(runs.map(({ store, manifest }) => store.requestStop(manifest.id)));
}

/** A process that is just ending is gone already. */
function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
