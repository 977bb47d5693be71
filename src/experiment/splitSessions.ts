import type { ParsedConfig } from '../config/parse.ts';
import type { Seed } from '../runs/manifest.ts';
import { type Session, withSplit } from '../training/session.ts';

/** A session's data, split as a run's seed says. Runs that follow each other mostly have the same split: one is kept. */
export class SplitSessions {
  readonly #session: Session;
  readonly #parsed: ParsedConfig;
  #last: { readonly split: number | undefined; readonly session: Session };

  /** @param parsed the session's config */
  constructor(session: Session, parsed: ParsedConfig) {
    this.#session = session;
    this.#parsed = parsed;
    this.#last = { split: undefined, session };
  }

  async of({ split }: Seed): Promise<Session> {
    if (split !== this.#last.split) {
      this.#last = { split, session: await withSplit(this.#session, this.#parsed, split) };
    }
    return this.#last.session;
  }
}
