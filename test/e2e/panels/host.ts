/** The extension host of a page on one run, as it is but for VS Code: reads the run's log, and answers what the page asks. */
import type { Page } from 'playwright-core';
import { type RunMessages, runRequest } from '../../../src/extension/messages/run.ts';
import { RunContent } from '../../../src/extension/panels/runContent.ts';
import { RunFeeds } from '../../../src/extension/panels/runFeed.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { hostRecord, send } from './browser.ts';

export class PanelHost {
  readonly #page: Page;
  readonly #feeds = new RunFeeds();
  readonly #content: RunContent<RunSummary, unknown, unknown>;
  #received = 0;

  constructor(page: Page, run: RunSummary, messages: RunMessages<unknown, unknown>) {
    this.#page = page;
    this.#content = new RunContent<RunSummary, unknown, unknown>({
      runs: { ready: Promise.resolve(), all: [run], find: () => run },
      feeds: this.#feeds,
      messages,
      shown: () => run.folder,
      locale: 'en',
      onSelect: () => {},
    });
  }

  /** Takes what the page has asked since the last call, and sends what is new. @param fresh whether the page was just loaded */
  async update(fresh = false): Promise<void> {
    const { posted } = await hostRecord(this.#page);
    for (const message of posted.slice(this.#received)) {
      const { data } = runRequest.safeParse(message);
      if (data) this.#content.receive(data);
    }
    this.#received = posted.length;
    const sent: unknown[] = [];
    await this.#content.update((message) => sent.push(message), fresh);
    for (const message of sent) await send(this.#page, message);
  }

  dispose(): void {
    this.#content.dispose();
    this.#feeds.dispose();
  }
}
