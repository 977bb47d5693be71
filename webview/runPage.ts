import type { Columns } from '../src/extension/messages/columns.ts';
import type {
  RunChoice,
  RunHeader,
  RunPanelState,
  RunRequest,
} from '../src/extension/messages/run.ts';
import type { Announcer } from './announcer.ts';
import { View, type ViewState } from './charts/view.ts';
import { ViewToolbar } from './charts/viewToolbar.ts';
import { paceText } from './pace.ts';
import { type Host, Page } from './page.ts';
import { RunTitle } from './runHeader.ts';

/** What a page on one run saves. */
export interface SavedRun extends RunPanelState {
  readonly view: ViewState;
}

export type RunHost<Reply> = Host<Reply, RunRequest, SavedRun>;

/** The frame of a page on one run: its title, and the steps that its charts show. */
export class RunPage {
  readonly view: View;
  readonly toolbar: ViewToolbar;
  readonly #title: RunTitle;
  readonly #page: Page;
  #run = '';

  /** @param name of the panel; also the class of the root element */
  constructor(
    root: HTMLElement,
    name: string,
    host: Pick<RunHost<never>, 'post' | 'setState' | 'saved'>,
    ...content: HTMLElement[]
  ) {
    const { runId, view: saved } = (host.saved ?? {}) as Partial<Record<keyof SavedRun, unknown>>;
    this.#run = typeof runId === 'string' ? runId : '';
    this.view = new View(saved, (request) => host.post(request));
    this.toolbar = new ViewToolbar(this.view);
    this.#title = new RunTitle((id) => host.post({ type: 'selectRun', id }));
    this.#page = new Page(root, name, this.#title.element, ...content);
    this.view.onChange((view) => host.setState({ runId: this.#run, view }));
    // What was shown before the page was hidden is asked for first.
    this.view.request();
  }

  get announcer(): Announcer {
    return this.#page.announcer;
  }

  addToTitle(...elements: readonly HTMLElement[]): void {
    this.#title.element.append(...elements);
  }

  /** Shows a run, before its charts know of it. */
  title(run: RunHeader, choices: readonly RunChoice[]): void {
    this.#page.showContent();
    this.#title.show(run, choices);
  }

  show(run: RunHeader, steps: Columns): void {
    const isOther = this.#run !== '' && this.#run !== run.id;
    this.#run = run.id;
    this.view.show(steps, isOther);
  }

  append(run: RunHeader, steps: Columns | null): void {
    this.#title.update(run);
    this.view.append(steps);
    this.#title.pace(paceText(run, this.view.columns));
    this.toolbar.update();
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }
}
