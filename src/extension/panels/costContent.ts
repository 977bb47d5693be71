import { costRatio, meanRunFor } from '../../runs/cost.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { MetricsCost } from '../messages/metrics.ts';
import type { EmptyMessage } from '../messages/run.ts';
import type { Content } from './livePage.ts';
import type { RunFeeds } from './runFeed.ts';

interface Options<Run> {
  readonly runs: { readonly all: readonly Run[]; find(folder: string): Run | undefined };
  /** Folder of the run that the page shows. */
  readonly shown: () => string | undefined;
  readonly feeds: Pick<RunFeeds, 'use'>;
}

/** Adds to a page on a run what the run costs, relative to the mean run. */
export class CostContent<Run extends RunSummary, Reply, Request>
  implements Content<Reply | MetricsCost, Request>
{
  readonly requests;
  readonly #page: Content<Reply, Request>;
  readonly #options: Options<Run>;
  #shown = '';

  constructor(page: Content<Reply, Request>, options: Options<Run>) {
    this.requests = page.requests;
    this.#page = page;
    this.#options = options;
  }

  async update(
    post: (message: Reply | MetricsCost | EmptyMessage) => void,
    fresh: boolean,
  ): Promise<boolean> {
    const more = await this.#page.update(post, fresh);
    const { runs, shown } = this.#options;
    const run = runs.find(shown() ?? '');
    if (!run) return more;
    const message = await this.#messageOf(run);
    const text = JSON.stringify(message);
    if (fresh || text !== this.#shown) post(message);
    this.#shown = text;
    return more;
  }

  receive(request: Request): void {
    this.#page.receive(request);
  }

  dispose(): void {
    this.#page.dispose();
  }

  async #messageOf(run: Run): Promise<MetricsCost> {
    const { runs, feeds } = this.#options;
    const costOf = (of: Run) => feeds.use(of, ({ cost }) => cost);
    const meanRun = meanRunFor(run, runs.all);
    const [cost, than] = await Promise.all([costOf(run), meanRun ? costOf(meanRun) : null]);
    const againstMean = cost && than ? costRatio(cost, than) : null;
    return { type: 'cost', id: run.folder, cost, againstMean };
  }
}
