import * as vscode from 'vscode';
import type * as z from 'zod';
import { launchLabels } from '../../runs/facets.ts';
import { formatMethod } from '../../runs/format.ts';
import { experimentKey } from '../../runs/identity.ts';
import { Disposable } from '../disposable.ts';
import type { WindowReply } from '../messages/columns.ts';
import {
  type RunMessages,
  type RunPanelState,
  type RunRequest,
  runPanelState,
} from '../messages/run.ts';
import type { WebviewName } from './html.ts';
import { type Content, LivePage, type PanelServices } from './livePage.ts';
import { meanUpdates } from './meanUpdates.ts';
import { RunContent } from './runContent.ts';

/** One kind of editor panel; each panel of it shows one subject: a run or an experiment. */
export interface PanelKind<Reply, Request, State> {
  readonly name: WebviewName;
  /** What the page saves with `setState`. */
  readonly state: z.ZodType<State>;
  title(subject: string): string;
  /** The saved subject or, if there is none, the current one. */
  subjectOf(state: State | undefined): string;
  content(
    subject: () => string,
    change: (subject: string) => void,
    state: State | undefined,
  ): Content<Reply, Request>;
}

/** A kind of panel that shows one run. @param besideMean whether it shows the updates of the mean's run beside it */
export function runPanel<Show, Append>(
  name: WebviewName,
  title: string,
  messages: RunMessages<Show, Append>,
  { runs, feeds, selection }: PanelServices,
  { besideMean = false } = {},
): PanelKind<Show | Append | WindowReply, RunRequest, RunPanelState> {
  return {
    name,
    state: runPanelState,
    title: (folder) => {
      const run = runs.find(folder);
      if (!run) return title;
      const launch = launchLabels(runs.all, vscode.env.language).get(experimentKey(run));
      return `${title}: ${formatMethod(run.manifest)} · ${launch}`;
    },
    subjectOf: (state) => state?.runId ?? selection.current?.folder ?? '',
    content: (folder, change) =>
      new RunContent({
        runs,
        feeds,
        messages,
        shown: folder,
        locale: vscode.env.language,
        onSelect: change,
        ...(besideMean && { meanUpdates: meanUpdates(feeds) }),
      }),
  };
}

interface OpenPanel<Request> {
  subject: string;
  page?: vscode.Disposable & { request(request: Request): void };
}

/** The open panels of one kind. */
export class PanelGroup<Reply, Request, State> extends Disposable {
  readonly #kind: PanelKind<Reply, Request, State>;
  readonly #services: PanelServices;
  readonly #open = new Map<vscode.WebviewPanel, OpenPanel<Request>>();

  constructor(kind: PanelKind<Reply, Request, State>, services: PanelServices) {
    super();
    this.#kind = kind;
    this.#services = services;
  }

  /** Reveals the open panel of a subject, or opens a new one. @param requests as though the page had made them */
  open(subject: string, ...requests: readonly Request[]): void {
    for (const [panel, shown] of this.#open) {
      if (shown.subject !== subject) continue;
      panel.reveal();
      for (const request of requests) shown.page?.request(request);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      `grain.${this.#kind.name}`,
      this.#kind.title(subject),
      vscode.ViewColumn.Active,
    );
    const { page } = this.#fill(panel, subject, undefined);
    for (const request of requests) page?.request(request);
  }

  /** Fills a panel that was open before a window reload. @param saved the state of its page */
  async restore(panel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    await this.#services.runs.ready;
    const { data: state } = this.#kind.state.safeParse(saved);
    this.#fill(panel, this.#kind.subjectOf(state), state);
  }

  override dispose(): void {
    super.dispose();
    // The tabs stay open: the next window restores them.
    for (const { page } of this.#open.values()) page?.dispose();
  }

  #fill(panel: vscode.WebviewPanel, subject: string, state: State | undefined): OpenPanel<Request> {
    const shown: OpenPanel<Request> = { subject };
    const change = (next: string) => {
      shown.subject = next;
      panel.title = this.#kind.title(next);
    };
    change(subject);
    panel.iconPath = vscode.Uri.joinPath(this.#services.extensionUri, 'media', 'tab.svg');
    const content = this.#kind.content(() => shown.subject, change, state);
    shown.page = new LivePage(panel, this.#kind.name, content, this.#services);
    this.#open.set(panel, shown);
    panel.onDidDispose(() => {
      this.#open.delete(panel);
      shown.page?.dispose();
    });
    return shown;
  }
}
