import { meanRunFor } from '../../runs/cost.ts';
import type { UpdateCounts } from '../../runs/guaranteeTally.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { RunFeeds } from './runFeed.ts';

/**
 * How often updates of the mean's run of the same experiment and seed conflicted with a group; null if there is no such run.
 *
 * @param feeds of all panels
 */
export function meanUpdates(feeds: Pick<RunFeeds, 'use'>) {
  return async <Run extends RunSummary>(
    run: Run,
    runs: readonly Run[],
  ): Promise<UpdateCounts | null> => {
    const mean = meanRunFor(run, runs);
    return mean ? feeds.use(mean, ({ guarantee }) => guarantee.counts.updates) : null;
  };
}
