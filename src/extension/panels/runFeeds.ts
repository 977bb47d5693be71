import { EventTail } from '../../runs/tail.ts';
import type { Engine } from '../engine.ts';
import type { LocatedRun } from '../workspace/workspaceRuns.ts';
import { RunFeed } from './runFeed.ts';

/** A share in a feed, to be given back. */
export interface FeedLease {
  readonly feed: RunFeed;
  dispose(): void;
}

/** One feed per run, however many panels show it. */
export class RunFeeds {
  readonly #engine: Engine;
  readonly #feeds = new Map<string, { readonly feed: RunFeed; leases: number }>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  lease(run: LocatedRun): FeedLease {
    const { id } = run.manifest;
    const shared = this.#feeds.get(id) ?? { feed: this.#open(run), leases: 0 };
    this.#feeds.set(id, shared);
    shared.leases++;
    return {
      feed: shared.feed,
      dispose: () => {
        shared.leases--;
        if (shared.leases === 0 && this.#feeds.get(id) === shared) this.#feeds.delete(id);
      },
    };
  }

  #open(run: LocatedRun): RunFeed {
    return new RunFeed(run.manifest, new EventTail(run.folder), this.#engine);
  }
}
