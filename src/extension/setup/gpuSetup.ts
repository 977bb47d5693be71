/** *Set up GPU training*: says what each Python has, and installs what is missing. */
import * as vscode from 'vscode';
import { formatInspection, installObstacle } from '../../environments/inspection.ts';
import {
  baseOf,
  installInto,
  installWebgpu,
  makeEnvironment,
} from '../../environments/installation.ts';
import type { SetupOptions } from '../../environments/installer.ts';
import { SetupError } from '../../environments/setupFailure.ts';
import {
  type FoundPython,
  imported,
  isFound,
  isReady,
  origins,
  survey,
} from '../../environments/survey.ts';
import { Disposable } from '../disposable.ts';
import { knownToPython } from './pythonExtension.ts';

const TITLE = vscode.l10n.t('Set up GPU training');
const SHOW_OUTPUT = vscode.l10n.t('Show output');

interface Choice extends vscode.QuickPickItem {
  /** @returns the Python to train in from now on, if it is about one */
  readonly act?: (options: SetupOptions) => Promise<string | undefined>;
  /** What takes long; absent: nothing does. */
  readonly title?: string;
}

export class GpuSetup extends Disposable {
  readonly #storage: string;
  readonly #output = this.register(vscode.window.createOutputChannel('GRAIN set-up'));
  #isBusy = false;

  /** @param storage folder for what is installed */
  constructor(storage: string) {
    super();
    this.#storage = storage;
  }

  async setUp(): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('The set-up runs programs, which needs a trusted workspace.'),
      );
      return;
    }
    if (this.#isBusy) return this.#output.show(true);
    this.#isBusy = true;
    try {
      const pythons = await this.#survey();
      const chosen = pythons && (await this.#choose(pythons));
      if (chosen?.act) await this.#act(chosen, chosen.act);
    } finally {
      this.#isBusy = false;
    }
  }

  /** @returns nothing if it was cancelled */
  #survey() {
    return withCancel(vscode.l10n.t('Looking for Pythons'), async ({ signal }) => {
      const folders = vscode.workspace.workspaceFolders?.map(({ uri }) => uri.fsPath) ?? [];
      const others = await knownToPython();
      const pythons = await survey({ folders, others, env: this.#env }, signal ? { signal } : {});
      return signal?.aborted ? undefined : pythons;
    });
  }

  async #choose(pythons: Awaited<ReturnType<typeof survey>>): Promise<Choice | undefined> {
    const found = pythons.filter(isFound);
    const silent = pythons.filter((python) => !isFound(python));
    const separator = (label: string): Choice => ({
      label,
      kind: vscode.QuickPickItemKind.Separator,
    });
    const choices: Choice[] = [
      ...found.map((python) => this.#choiceOf(python)),
      separator('new'),
      ...this.#newEnvironment(found),
      {
        label: vscode.l10n.t('$(cloud-download) Install WebGPU for GRAIN'),
        detail: vscode.l10n.t('Trains on a GPU without Python. About 130 MB.'),
        title: vscode.l10n.t('Installing WebGPU'),
        act: async (options) => {
          await installWebgpu(options);
          return undefined;
        },
      },
      ...(silent.length > 0 ? [separator(vscode.l10n.t('without an answer'))] : []),
      ...silent.map((python) => ({
        label: `$(circle-slash) ${python.path}`,
        detail: 'problem' in python ? python.problem : '',
      })),
    ];
    return vscode.window.showQuickPick(choices, {
      title: TITLE,
      placeHolder: vscode.l10n.t('In which Python shall GRAIN train?'),
      matchOnDetail: true,
    });
  }

  #choiceOf(one: FoundPython): Choice {
    const { path: python, origin, found } = one;
    const about = { description: origins[origin], detail: formatInspection(found) };
    if (isReady(one)) {
      return {
        label: vscode.l10n.t('$(check) Use {0}', python),
        ...about,
        ...(!found.isImported && { title: vscode.l10n.t('Looking for a GPU') }),
        act: (options) => this.#use(one, options),
      };
    }
    const obstacle = installObstacle(found);
    if (obstacle) {
      const { message } = new SetupError(obstacle);
      return {
        label: `$(circle-slash) ${python}`,
        ...about,
        detail: `${about.detail}. ${message}`,
      };
    }
    return {
      label: vscode.l10n.t('$(cloud-download) Install what is missing into {0}', python),
      ...about,
      title: vscode.l10n.t('Installing into {0}', python),
      act: async (options) => {
        await installInto(python, found, options);
        return python;
      },
    };
  }

  /** @throws SetupError if PyTorch, which is there, cannot be imported */
  async #use(python: FoundPython, { signal, onLine }: SetupOptions): Promise<string> {
    const now = await imported(python, signal ? { signal } : {});
    if (isFound(now) && isReady(now)) return python.path;
    if (signal?.aborted) throw new SetupError('cancelled');
    const last = isFound(now) ? formatInspection(now.found) : now.problem;
    onLine?.(last);
    throw new SetupError('notImported', [last]);
  }

  #newEnvironment(found: readonly FoundPython[]): Choice[] {
    const base = baseOf(found);
    if (!base) {
      const { message } = new SetupError(found.length > 0 ? 'pythonTooOld' : 'noPython');
      return [{ label: vscode.l10n.t('$(circle-slash) Make a new environment'), detail: message }];
    }
    return [
      {
        label: vscode.l10n.t('$(add) Make a new environment'),
        description: vscode.l10n.t('of {0}', base.path),
        detail: vscode.l10n.t('PyTorch, transformers and grain_torch, in {0}', this.#storage),
        title: vscode.l10n.t('Making an environment with PyTorch'),
        act: async (options) => (await makeEnvironment(base.path, options)).python,
      },
    ];
  }

  async #act({ title }: Choice, act: NonNullable<Choice['act']>): Promise<void> {
    this.#output.clear();
    try {
      const python = title
        ? await withCancel(`${TITLE}: ${title}`, (options, report) =>
            act({
              ...options,
              env: this.#env,
              onLine: (line) => {
                this.#output.appendLine(line);
                report(line);
              },
            }),
          )
        : await act({});
      if (python === undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t('WebGPU is installed. The doctor says whether it finds a GPU.'),
        );
        return;
      }
      const settings = vscode.workspace.getConfiguration('grain');
      await settings.update('pythonPath', python, vscode.ConfigurationTarget.Global);
      void vscode.window.showInformationMessage(
        vscode.l10n.t('device: torch now trains in {0}.', python),
      );
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      if (error.kind === 'cancelled') return;
      await this.#explain(error);
    }
  }

  async #explain({ message, last }: SetupError): Promise<void> {
    // What was printed is in the channel already; of what did not start, nothing is.
    if (last.length === 0) this.#output.appendLine(message);
    const text = vscode.l10n.t('Nothing was set up: {0}', message);
    if ((await vscode.window.showErrorMessage(text, SHOW_OUTPUT)) === SHOW_OUTPUT) {
      this.#output.show(true);
    }
  }

  get #env(): NodeJS.ProcessEnv {
    const named = vscode.workspace.getConfiguration('grain').get<string>('pythonPath')?.trim();
    return {
      ...process.env,
      GRAIN_STORAGE: this.#storage,
      ...(named && { GRAIN_PYTHON: named }),
    };
  }
}

function withCancel<T>(
  title: string,
  work: (options: Pick<SetupOptions, 'signal'>, report: (message: string) => void) => Promise<T>,
): Thenable<T> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title, cancellable: true }, (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    return work({ signal: abort.signal }, (message) => progress.report({ message }));
  });
}
