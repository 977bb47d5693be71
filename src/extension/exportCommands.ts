import * as vscode from 'vscode';
import { type GrainCommand, runToEnd } from './launch/grainProcess.ts';
import type { Action, Targets } from './targets.ts';

interface Parts {
  readonly targets: Targets;
  readonly grain: () => GrainCommand;
}

const formats = [
  {
    label: 'CSV',
    detail: vscode.l10n.t('a row for each number, for spreadsheets and data frames'),
    to: 'csv',
  },
  { label: 'Parquet', detail: vscode.l10n.t('the same, smaller and typed'), to: 'parquet' },
  {
    label: 'TensorBoard',
    detail: vscode.l10n.t('a folder for tensorboard --logdir'),
    to: 'tensorboard',
  },
] as const;

/** Of a report, by extension; the first is the dialog's own choice. */
const reports = {
  [vscode.l10n.t('Page with figures')]: ['html'],
  Markdown: ['md'],
  [vscode.l10n.t('Table of runs')]: ['csv'],
  [vscode.l10n.t('LaTeX table')]: ['tex'],
};

/** Actions that write runs into files for other tools and readers. The dialog asks before it replaces a file. */
export class ExportCommands {
  readonly actions: Readonly<Record<string, Action>>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.actions = {
      export: (target) => this.#export(target),
      report: (target) => this.#report(target),
    };
  }

  async #export(target: unknown): Promise<void> {
    const { targets } = this.#parts;
    const runs = await targets.chosen(target, vscode.l10n.t('Export which run?'));
    const [first] = runs;
    const picked =
      first && (await vscode.window.showQuickPick(formats, { title: vscode.l10n.t('Export to') }));
    if (!first || !picked) return;
    const { experiment, id } = first.manifest;
    const isOne = runs.every(({ manifest }) => manifest.experiment.id === experiment.id);
    const name = runs.length === 1 ? id : isOne ? experiment.id : 'runs';
    const folder = first.workspaceFolder.uri;
    const file = picked.to === 'tensorboard' ? `${name}-tensorboard` : `${name}.${picked.to}`;
    const out = await vscode.window.showSaveDialog({
      title: vscode.l10n.t('Export to'),
      defaultUri: vscode.Uri.joinPath(folder, file),
    });
    if (!out) return;
    const args = ['export', ...runs.map((run) => run.folder), '--to', picked.to];
    const { status, told } = await this.#write(args, out, folder, vscode.l10n.t('Exporting runs'));
    if (status === 0) void vscode.window.showInformationMessage(told);
    else void vscode.window.showErrorMessage(vscode.l10n.t('Cannot export: {0}', told));
  }

  /** Of the whole experiments of the runs. */
  async #report(target: unknown): Promise<void> {
    const { targets } = this.#parts;
    const question = vscode.l10n.t('Report on which experiment?');
    const runs = await targets.chosenTogether(target, question);
    const [first] = runs;
    if (!first) return;
    const folder = first.workspaceFolder.uri;
    const experiments = new Set(runs.map(({ manifest }) => manifest.experiment.id));
    const out = await vscode.window.showSaveDialog({
      title: vscode.l10n.t('Save the report to'),
      defaultUri: vscode.Uri.joinPath(folder, `${first.manifest.experiment.id}.html`),
      filters: reports,
    });
    if (!out) return;
    const args = ['report', ...experiments, '--root', folder.fsPath];
    const writing = vscode.l10n.t('Writing the report');
    const { status, told } = await this.#write(args, out, folder, writing);
    if (status !== 0) {
      void vscode.window.showErrorMessage(vscode.l10n.t('Cannot report: {0}', told));
      return;
    }
    const open = vscode.l10n.t('Open');
    const name = vscode.workspace.asRelativePath(out);
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('The report is in {0}.', name),
      open,
    );
    if (answer !== open) return;
    if (out.path.endsWith('.html')) await vscode.env.openExternal(out);
    else await vscode.commands.executeCommand('vscode.open', out);
  }

  async #write(args: readonly string[], out: vscode.Uri, folder: vscode.Uri, title: string) {
    let told = '';
    const status = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title },
      () =>
        runToEnd(
          this.#parts.grain(),
          [...args, '--out', out.fsPath, '--force'],
          folder.fsPath,
          (text) => (told += text),
        ),
    );
    return { status, told: told.replace(/^error: /, '').trim() };
  }
}
