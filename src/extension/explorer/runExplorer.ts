import * as vscode from 'vscode';
import { formatCount, formatRun } from '../../runs/format.ts';
import { isActive, type RunStatus } from '../../runs/status.ts';
import type { RunSummary } from '../../runs/store.ts';
import { Disposable } from '../disposable.ts';
import type { Selection } from '../workspace/selection.ts';
import type { WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import { type Order, orderOf, parseFilter } from './filter.ts';
import { detailsOf, labelOf, type NodeLabel } from './labels.ts';
import {
  buildTree,
  changes,
  emptyTree,
  type Grouping,
  type RunTree,
  runNodeId,
  type TreeNode,
} from './tree.ts';

/** What became of the guarantee of a run, in a few words; null if that cannot be read. */
type GuaranteeReader = (run: RunSummary) => Promise<string | null>;

/** The tree of runs. Its elements are node ids, so that they stay equal over refreshes. */
export class RunExplorer extends Disposable implements vscode.TreeDataProvider<string> {
  readonly #changed = this.register(new vscode.EventEmitter<string[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;

  readonly #runs: WorkspaceRuns;
  readonly #guaranteeOf: GuaranteeReader;
  readonly #view: vscode.TreeView<string>;
  #tree: RunTree = emptyTree;
  #filterText = '';
  #order: Order = 'newest';
  #grouping: Grouping = 'launch';

  constructor(runs: WorkspaceRuns, selection: Selection, guaranteeOf: GuaranteeReader) {
    super();
    this.#runs = runs;
    this.#guaranteeOf = guaranteeOf;
    this.#view = this.register(
      vscode.window.createTreeView('grain.runs', {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
    this.register(runs.onDidChange(() => this.#refresh()));
    // While VS Code asks for lines anew, it leaves them out of the selection, in the event as in the view: neither has a line too many.
    this.register(
      this.#view.onDidChangeSelection(({ selection: nodes }) =>
        selection.follow(() => this.runsBelow([...nodes, ...this.#view.selection])),
      ),
    );
  }

  /** Folders of the runs of nodes, each once; none of nodes that no longer exist. */
  runsBelow(ids: readonly string[]): string[] {
    const runs = ids.flatMap((id) => this.#tree.nodes.get(id)?.runs ?? []);
    return [...new Set(runs.map(({ folder }) => folder))];
  }

  /** Selects the run in a folder, or the experiment of several; shows the explorer. */
  async reveal(folders: readonly string[]): Promise<void> {
    const [first] = folders;
    const node = first === undefined ? undefined : this.#tree.nodes.get(runNodeId(first));
    if (!node) return;
    const id = this.#commonNode(node, folders).id;
    try {
      await this.#view.reveal(id, { select: true, focus: false, expand: 2 });
    } catch {
      // The tree was refreshed meanwhile, and the node no longer exists.
    }
  }

  /** The lowest node that all of the runs are below; the experiment of the first if they are in several. */
  #commonNode(node: TreeNode, folders: readonly string[]): TreeNode {
    const below = new Set(node.runs.map(({ folder }) => folder));
    if (folders.every((folder) => below.has(folder)) || node.kind === 'experiment') return node;
    const parent = this.#tree.nodes.get(node.parent ?? '');
    return parent ? this.#commonNode(parent, folders) : node;
  }

  get filterText(): string {
    return this.#filterText;
  }

  /** Shows only the runs that fit; all for an empty text. */
  filter(text: string): void {
    this.#filterText = text;
    void vscode.commands.executeCommand('setContext', 'grain.filtered', text !== '');
    this.#refresh();
  }

  get order(): Order {
    return this.#order;
  }

  sort(order: Order): void {
    this.#order = order;
    this.#refresh();
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  group(by: Grouping): void {
    this.#grouping = by;
    this.#refresh();
  }

  async getChildren(id?: string): Promise<string[]> {
    await this.#runs.ready;
    const children = id === undefined ? this.#tree.roots : this.#tree.nodes.get(id)?.children;
    return [...(children ?? [])];
  }

  getParent(id: string): string | undefined {
    return this.#tree.nodes.get(id)?.parent;
  }

  getTreeItem(id: string): vscode.TreeItem {
    const node = this.#tree.nodes.get(id);
    // Removed between two refreshes; the next one removes the line.
    if (!node) return new vscode.TreeItem('');
    const { label, description, status, trouble, contextValue, spoken } = labelOf(
      node,
      vscode.env.language,
    );
    const item = new vscode.TreeItem(label, this.#collapsibleState(node));
    item.id = id;
    item.description = `${description}${this.#formatFolder(node)}`;
    item.iconPath = iconOf(node.kind, status, trouble);
    item.contextValue = contextValue;
    item.accessibilityInformation = { label: spoken };
    if (node.kind === 'run') {
      // A click, or Enter, shows the run also while the bottom panel is closed.
      const title = vscode.l10n.t('Show metrics');
      item.command = {
        title,
        command: 'grain.metrics.focus',
        arguments: [{ preserveFocus: true }],
      };
    }
    return item;
  }

  /** Only of the line that the mouse is over: to count its updates the log of a run is read. */
  async resolveTreeItem(item: vscode.TreeItem, id: string): Promise<vscode.TreeItem> {
    const node = this.#tree.nodes.get(id);
    if (!node) return item;
    const guarantee = node.kind === 'run' ? await this.#guaranteeOf(node.runs[0]!) : null;
    item.tooltip = tooltip(node, guarantee);
    return item;
  }

  #refresh(): void {
    const before = this.#tree;
    const shown = this.#runs.all.filter(parseFilter(this.#filterText));
    this.#tree = buildTree(shown, {
      order: orderOf(this.#order),
      by: this.#grouping,
      locale: vscode.env.language,
    });
    this.#view.message = this.#describeFilter(shown.length);
    const look = (node: TreeNode) => JSON.stringify(labelOf(node, vscode.env.language));
    const changed = changes(before, this.#tree, look);
    if (changed === 'all') this.#changed.fire(undefined);
    else if (changed.length > 0) this.#changed.fire([...changed]);
  }

  #describeFilter(shown: number): string {
    if (this.#filterText === '') return '';
    return vscode.l10n.t(
      '{0} of {1} fit “{2}”',
      shown,
      formatCount(this.#runs.all.length, 'run'),
      this.#filterText,
    );
  }

  /** The latest experiment is open, and so is all that is open anyway. */
  #collapsibleState({ kind, id, parent }: TreeNode): vscode.TreeItemCollapsibleState {
    if (kind === 'run') return vscode.TreeItemCollapsibleState.None;
    const latest = this.#tree.roots[0];
    return kind === 'group' || id === latest || parent === latest
      ? vscode.TreeItemCollapsibleState.Expanded
      : vscode.TreeItemCollapsibleState.Collapsed;
  }

  #formatFolder({ kind, runs }: TreeNode): string {
    if (kind !== 'experiment' || (vscode.workspace.workspaceFolders?.length ?? 0) < 2) return '';
    const folder = this.#runs.find(runs[0]!.folder)?.workspaceFolder;
    return folder ? ` · ${folder.name}` : '';
  }
}

function tooltip(node: TreeNode, guarantee: string | null): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const { manifest } = node.runs[0]!;
  const title =
    node.kind === 'run' ? formatRun(manifest) : (node.label ?? manifest.experiment.name);
  text.appendMarkdown('**').appendText(title).appendMarkdown('**\n\n');
  text.appendMarkdown('| | |\n|---|---|\n');
  for (const [name, value] of detailsOf(node, vscode.env.language, Date.now(), guarantee)) {
    text.appendMarkdown(`| ${name} | `);
    text.appendText(value.replaceAll('|', '¦').replace(/\s+/g, ' '));
    text.appendMarkdown(' |\n');
  }
  return text;
}

const icons: Record<RunStatus, { readonly icon: string; readonly color: string }> = {
  queued: { icon: 'circle-outline', color: 'descriptionForeground' },
  running: { icon: 'loading~spin', color: 'charts.blue' },
  finished: { icon: 'pass-filled', color: 'charts.green' },
  stopped: { icon: 'stop-circle', color: 'descriptionForeground' },
  failed: { icon: 'error', color: 'list.errorForeground' },
  interrupted: { icon: 'debug-disconnect', color: 'list.warningForeground' },
};

/** Where an alarm stands, or a warning was logged. */
const troubled = {
  alarm: { icon: 'warning', color: 'list.warningForeground' },
  warning: { icon: 'info', color: 'list.warningForeground' },
} as const;

/** A run's icon is its state; a node above has its own shape in the colour of the state. */
function iconOf(
  kind: TreeNode['kind'],
  status: RunStatus,
  trouble: NodeLabel['trouble'],
): vscode.ThemeIcon {
  // That a run failed is worse, and that one goes on is news; an alarm says that it goes on badly.
  const isState = status === 'failed' || (trouble === 'warning' && isActive(status));
  const { icon, color } = trouble && !isState ? troubled[trouble] : icons[status];
  const shapes = { group: 'folder', experiment: 'beaker', aggregator: 'git-merge', run: icon };
  return new vscode.ThemeIcon(shapes[kind], new vscode.ThemeColor(color));
}
