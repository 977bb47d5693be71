import type { ParsedConfig } from '../config/parse.ts';
import type { Point } from '../config/points.ts';
import { Memo } from '../data/memo.ts';
import type { RunManifest, Seed } from '../runs/manifest.ts';
import { type Session, sessionFor } from '../training/session.ts';

/** What runs are trained with: a session's device, data split as a run's seed says, and settings as its point of the grid says. */
export class RunSessions {
  readonly #session: Session;
  readonly #parsed: ParsedConfig;
  readonly #sessions = new Memo();

  /** @param parsed the session's config */
  constructor(session: Session, parsed: ParsedConfig) {
    this.#session = session;
    this.#parsed = parsed;
  }

  of({ seed: { split }, point = {} }: RunOfConfig): Promise<Session> {
    return this.#sessions.of([split, point], () =>
      sessionFor(this.#session, this.#parsed.at(point).withSplit(split)),
    );
  }
}

interface RunOfConfig {
  readonly seed: Seed;
  readonly point?: Point | RunManifest['point'];
}
