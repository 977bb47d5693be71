/** The extension host of a page, as it is but for VS Code. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Content } from '../../../src/extension/panels/livePage.ts';
import { hostRecord, send } from './browser.ts';

/** Answers what the page has asked, until nothing more is expected. */
export class ContentHost<Reply, Request> {
  readonly #page: Page;
  readonly #content: Content<Reply, Request>;
  #received = 0;

  constructor(page: Page, content: Content<Reply, Request>) {
    this.#page = page;
    this.#content = content;
  }

  /** @param fresh whether the page was just loaded */
  async update(fresh = false): Promise<void> {
    const { posted } = await hostRecord(this.#page);
    for (const message of posted.slice(this.#received)) {
      const { data } = this.#content.requests.safeParse(message);
      if (data) this.#content.receive(data);
    }
    this.#received = posted.length;
    for (let isFresh = fresh; ; isFresh = false) {
      const sent: unknown[] = [];
      const more = await this.#content.update((message) => sent.push(message), isFresh);
      for (const message of sent) await send(this.#page, message);
      if (!more) return;
      await sleep(50);
    }
  }
}
