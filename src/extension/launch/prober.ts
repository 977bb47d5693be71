import * as vscode from 'vscode';
import { messageOf } from '../../config/errors.ts';
import { parseConfig } from '../../config/parse.ts';
import {
  type Probe,
  probeProgressSchema,
  probeResultSchema,
} from '../../experiment/probe/result.ts';
import { costsLittleBeside } from '../../experiment/probe/size.ts';
import { formatProbe } from '../../experiment/probe/text.ts';
import { formatLoading } from '../../runs/format.ts';
import { loadingMessageSchema } from '../../runs/loading.ts';
import type { ConfigProblems } from '../configs/problems.ts';
import { Disposable } from '../disposable.ts';
import { type Answer, ask, errorLineOf, type GrainCommand } from './grainProcess.ts';
import type { Started } from './launcher.ts';
import { validConfig } from './validConfig.ts';

/** Exit status of a probe that the user cancelled. */
const STOPPED = 130;
const SCHEME = 'grain-probe';
const DETAILS = vscode.l10n.t('Show details');
const PROBE_FIRST = vscode.l10n.t('Probe first');
const NEVER = vscode.l10n.t("Don't offer again");
const OFFERED = 'probe.offered';
const NOT_WANTED = 'probe.notWanted';

interface Parts {
  readonly grain: () => GrainCommand;
  readonly problems: ConfigProblems;
  readonly memory: Pick<vscode.ExtensionContext, 'workspaceState' | 'globalState'>;
}

/** Asks `grain probe` which aggregators are worth their seeds, and shows what it says. */
export class Prober extends Disposable {
  readonly #parts: Parts;
  /** The last answer of each config, as text, by the Uri of its document. */
  readonly #details = new Map<string, string>();
  readonly #changed = this.register(new vscode.EventEmitter<vscode.Uri>());

  constructor(parts: Parts) {
    super();
    this.#parts = parts;
    this.register(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) => this.#details.get(uri.toString()) ?? '',
      }),
    );
  }

  /** Trains the mean for a few steps, with a notification that can cancel it, and shows the verdict. */
  async probe(config: vscode.Uri): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('A probe trains, which needs a trusted workspace.'),
      );
      return;
    }
    const valid = await validConfig(config, this.#parts.problems);
    if (!valid) return;
    const command = this.#parts.grain();
    try {
      const answer = await askWithProgress(command, config, valid.folder);
      if (answer.status !== null && answer.status !== STOPPED) await this.#show(config, answer);
    } catch (error) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('Cannot start {0}: {1}', command.node, messageOf(error)),
      );
    }
  }

  /**
   * Offers a probe of a config whose first runs were just started, once, if it costs little beside them. The runs go on unless
   * the user wants the probe first: they are then stopped, with a checkpoint to resume from.
   */
  async offer(config: vscode.Uri, { cancel, ended }: Started): Promise<void> {
    const { workspaceState, globalState } = this.#parts.memory;
    const offered = workspaceState.get<readonly string[]>(OFFERED, []);
    if (globalState.get(NOT_WANTED, false) || offered.includes(config.toString())) return;
    const text = (await vscode.workspace.openTextDocument(config)).getText();
    const parsed = parseConfig(text, config.fsPath).config;
    if (parsed.program !== undefined || !costsLittleBeside(parsed)) return;
    await workspaceState.update(OFFERED, [...offered, config.toString()]);
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t(
        '{0} is trained for the first time. A short probe of the mean says which aggregators are worth trying here; it stops these runs, to be resumed later.',
        vscode.workspace.asRelativePath(config),
      ),
      PROBE_FIRST,
      NEVER,
    );
    if (answer === NEVER) await globalState.update(NOT_WANTED, true);
    if (answer !== PROBE_FIRST) return;
    cancel();
    await ended;
    await this.probe(config);
  }

  async #show(config: vscode.Uri, answer: Answer): Promise<void> {
    const found = resultOf(answer);
    if ('error' in found) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('The probe failed: {0}', found.error.message),
      );
      return;
    }
    const document = this.#keep(config, found);
    const chosen = await vscode.window.showInformationMessage(
      `${found.name}: ${found.verdict}`,
      DETAILS,
    );
    if (chosen !== DETAILS) return;
    const opened = await vscode.workspace.openTextDocument(document);
    await vscode.languages.setTextDocumentLanguage(opened, 'plaintext');
    await vscode.window.showTextDocument(opened, { preview: false });
  }

  #keep(config: vscode.Uri, found: Probe): vscode.Uri {
    const path = vscode.l10n.t('Probe of {0}', found.name);
    const document = vscode.Uri.from({ scheme: SCHEME, path, query: config.path });
    this.#details.set(document.toString(), `${formatProbe(found)}\n`);
    this.#changed.fire(document);
    return document;
  }
}

function askWithProgress(
  command: GrainCommand,
  config: vscode.Uri,
  folder: vscode.WorkspaceFolder,
): Promise<Answer> {
  const title = vscode.l10n.t('Probing {0}', vscode.workspace.asRelativePath(config));
  const location = vscode.ProgressLocation.Notification;
  const run = async (
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    token: vscode.CancellationToken,
  ) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let shown = 0;
    const onMessage = (message: unknown) => {
      const loading = loadingMessageSchema.safeParse(message).data?.loading;
      if (loading) progress.report({ message: formatLoading(loading) });
      const probing = probeProgressSchema.safeParse(message).data?.probing;
      if (!probing) return;
      const percent = (100 * probing.step) / probing.steps;
      const text = vscode.l10n.t('training the mean, step {0} of {1}', probing.step, probing.steps);
      progress.report({ message: text, increment: percent - shown });
      shown = percent;
    };
    const args = ['probe', config.fsPath, '--json', '--progress', 'ipc'];
    return ask(command, args, folder.uri.fsPath, { onMessage, cancelled: abort.signal });
  };
  return Promise.resolve(vscode.window.withProgress({ location, title, cancellable: true }, run));
}

function resultOf({ stdout, stderr }: Answer) {
  try {
    return probeResultSchema.parse(JSON.parse(stdout));
  } catch {
    return { error: { message: errorLineOf(stderr) } };
  }
}
