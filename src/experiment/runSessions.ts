import type { ParsedConfig } from '../config/parse.ts';
import type { Point } from '../config/points.ts';
import type { RunManifest, Seed } from '../runs/manifest.ts';
import { type Session, sessionFor } from '../training/session.ts';

/** How many sessions are kept, each with its data: of a larger grid of models, some are opened again and again. */
const KEPT = 8;

/** What runs are trained with: a session's device, data split as a run's seed says, and settings as its point of the grid says. */
export class RunSessions {
  readonly #session: Session;
  readonly #parsed: ParsedConfig;
  readonly #sessions = new Map<string, Session>();

  /** @param parsed the session's config */
  constructor(session: Session, parsed: ParsedConfig) {
    this.#session = session;
    this.#parsed = parsed;
  }

  async of({ seed: { split }, point = {} }: RunOfConfig): Promise<Session> {
    const key = JSON.stringify([split, point]);
    const known = this.#sessions.get(key);
    if (known) return known;
    const session = await sessionFor(this.#session, this.#parsed.at(point).withSplit(split));
    if (this.#sessions.size === KEPT) this.#sessions.delete([...this.#sessions.keys()].at(-1)!);
    this.#sessions.set(key, session);
    return session;
  }
}

interface RunOfConfig {
  readonly seed: Seed;
  readonly point?: Point | RunManifest['point'];
}
