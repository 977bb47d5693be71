import * as vscode from 'vscode';
import * as z from 'zod';
import { namedFacets } from '../runs/facets.ts';
import { formatCount, runsTold } from '../runs/format.ts';
import { parseTags, type RunNotes, writeNotes } from '../runs/notes.ts';
import { type Order, orders } from './explorer/filter.ts';
import type { RunExplorer } from './explorer/runExplorer.ts';
import { groupings } from './explorer/tree.ts';
import { ask, type GrainCommand } from './launch/grainProcess.ts';
import type { Action, Targets } from './targets.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

interface Parts {
  readonly runs: WorkspaceRuns;
  readonly targets: Targets;
  readonly explorer: RunExplorer;
  readonly grain: () => GrainCommand;
  /** Opens the view that compares the runs in the folders. */
  readonly compare: (folders: readonly string[]) => unknown;
}

/** What `grain import --json` prints. */
const importedSchema = z.object({
  experiment: z.object({ name: z.string() }),
  runs: z.array(z.object({ id: z.string() })),
});

/** Actions that find, mark and import runs of the explorer. */
export class ExplorerCommands {
  readonly actions: Readonly<Record<string, Action>>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.actions = {
      star: (target) => this.#star(target),
      rename: (target) => this.#rename(target),
      tag: (target) => this.#tag(target),
      note: (target) => this.#note(target),
      filter: () => this.#filter(),
      clearFilter: () => parts.explorer.filter(''),
      sort: () => this.#sort(),
      groupBy: () => this.#groupBy(),
      import: () => this.#import(),
    };
  }

  /** Of several runs some of which have a star, all get one. */
  async #star(target: unknown): Promise<void> {
    const runs = await this.#chosen(target, vscode.l10n.t('Star which run?'));
    const starred = !runs.every(({ notes }) => notes.starred);
    await this.#write(runs, { starred });
  }

  async #rename(target: unknown): Promise<void> {
    await this.#ask(target, vscode.l10n.t('Rename which run?'), {
      title: (what) => vscode.l10n.t('Name of {0}', what),
      value: ({ name }) => name,
      prompt: vscode.l10n.t('Empty: the name that it has by its config, method and seed.'),
      changes: (name) => ({ name: name.trim() }),
    });
  }

  async #tag(target: unknown): Promise<void> {
    await this.#ask(target, vscode.l10n.t('Tag which run?'), {
      title: (what) => vscode.l10n.t('Tags of {0}', what),
      value: ({ tags }) => tags.join(', '),
      prompt: vscode.l10n.t('Separated by commas. The filter finds a tag by #name.'),
      changes: (text) => ({ tags: parseTags(text) }),
    });
  }

  async #note(target: unknown): Promise<void> {
    await this.#ask(target, vscode.l10n.t('Note on which run?'), {
      title: (what) => vscode.l10n.t('Note on {0}', what),
      value: ({ note }) => note,
      prompt: vscode.l10n.t('Shown when the mouse is over the run, and searched by the filter.'),
      changes: (note) => ({ note: note.trim() }),
    });
  }

  async #ask(
    target: unknown,
    question: string,
    asked: {
      title(what: string): string;
      value(notes: RunNotes): string;
      readonly prompt: string;
      changes(text: string): Partial<RunNotes>;
    },
  ): Promise<void> {
    const runs = await this.#chosen(target, question);
    const [first] = runs;
    if (!first) return;
    const what = runsTold(runs.map(({ manifest }) => manifest));
    const text = await vscode.window.showInputBox({
      title: asked.title(what),
      value: asked.value(first.notes),
      prompt: asked.prompt,
    });
    if (text !== undefined) await this.#write(runs, asked.changes(text));
  }

  async #filter(): Promise<void> {
    const { explorer } = this.#parts;
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Filter runs'),
      value: explorer.filterText,
      placeHolder: vscode.l10n.t('name, method, status, #tag, starred, accuracy > 0.8'),
      prompt: vscode.l10n.t('Shows the runs that fit all words. Empty: all runs.'),
    });
    if (text !== undefined) explorer.filter(text.trim());
  }

  async #sort(): Promise<void> {
    const { explorer } = this.#parts;
    const items = Object.entries(orders).map(([order, label]) => ({
      label,
      ...(order === explorer.order && { description: vscode.l10n.t('now') }),
      order: order as Order,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t('Sort experiments'),
    });
    if (picked) explorer.sort(picked.order);
  }

  async #groupBy(): Promise<void> {
    const { explorer } = this.#parts;
    const items = groupings.map((by) => ({
      label: namedFacets[by],
      ...(by === explorer.grouping && { description: vscode.l10n.t('now') }),
      by,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t('Group runs by'),
    });
    if (picked) explorer.group(picked.by);
  }

  /** Of what TensorBoard shows; the runs that result are selected, and offered for comparison. */
  async #import(): Promise<void> {
    const { runs, grain, explorer, compare } = this.#parts;
    const workspace = vscode.workspace.workspaceFolders?.[0]?.uri;
    if (!workspace) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Open the folder in which the runs are to be kept.'),
      );
      return;
    }
    const [from] =
      (await vscode.window.showOpenDialog({
        title: vscode.l10n.t('Import the runs of TensorBoard in a folder'),
        openLabel: vscode.l10n.t('Import'),
        canSelectFolders: true,
        canSelectFiles: false,
        defaultUri: workspace,
      })) ?? [];
    if (!from) return;
    const { status, stdout, stderr } = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('Importing runs'),
        cancellable: true,
      },
      (_, token) => {
        const cancelled = new AbortController();
        token.onCancellationRequested(() => cancelled.abort());
        const args = ['import', from.fsPath, '--root', workspace.fsPath, '--json'];
        return ask(grain(), args, workspace.fsPath, {
          onMessage: () => {},
          cancelled: cancelled.signal,
        });
      },
    );
    if (status !== 0) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('Cannot import: {0}', stderr.replace(/^error: /, '').trim()),
      );
      return;
    }
    const imported = importedSchema.parse(JSON.parse(stdout));
    await runs.refresh();
    const ids = new Set(imported.runs.map(({ id }) => id));
    const found = runs.all.filter(
      ({ manifest, workspaceFolder: { uri } }) =>
        uri.toString() === workspace.toString() && ids.has(manifest.id),
    );
    const folders = found.map(({ folder }) => folder);
    await explorer.reveal(folders);
    const show = vscode.l10n.t('Compare');
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('Imported {0} of {1}.', formatCount(ids.size, 'run'), imported.experiment.name),
      ...(ids.size > 1 ? [show] : []),
    );
    if (answer === show) compare(folders);
  }

  #chosen(target: unknown, question: string): Promise<LocatedRun[]> {
    return this.#parts.targets.chosen(target, question);
  }

  async #write(runs: readonly LocatedRun[], changes: Partial<RunNotes>): Promise<void> {
    await Promise.all(runs.map(({ folder }) => writeNotes(folder, changes)));
    await this.#parts.runs.refresh();
  }
}
