import { type Cost, CostTally, costRatio, meanRunFor } from '../../runs/cost.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { MetricsCost } from '../messages/metrics.ts';
import type { EmptyMessage } from '../messages/run.ts';
import type { Content } from './livePage.ts';
import type { EventReader } from './runFeed.ts';

interface Options<Run> {
  readonly runs: { readonly all: readonly Run[]; find(folder: string): Run | undefined };
  /** Folder of the run that the page shows. */
  readonly shown: () => string | undefined;
  /** Events of a run, from the beginning. */
  readonly open: (run: Run) => EventReader;
}

/** Adds to a page on a run what the run costs, relative to the mean run. */
export class CostContent<Run extends RunSummary, Reply, Request>
  implements Content<Reply | MetricsCost, Request>
{
  readonly requests;
  readonly #page: Content<Reply, Request>;
  readonly #options: Options<Run>;
  /** Of the run that is shown and the mean run, by folder. */
  #logs = new Map<string, CostLog>();
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
    const meanRun = meanRunFor(run, this.#options.runs.all);
    const logs = new Map<string, CostLog>();
    const [cost, than] = await Promise.all(
      [run, meanRun].map(async (of) => {
        if (!of) return null;
        const log = this.#logs.get(of.folder) ?? new CostLog(this.#options.open(of));
        logs.set(of.folder, log);
        return log.read();
      }),
    );
    // Logs of runs that are no longer shown are dropped.
    this.#logs = logs;
    const againstMean = cost && than ? costRatio(cost, than) : null;
    return { type: 'cost', id: run.folder, cost: cost ?? null, againstMean };
  }
}

/** The log of one run, read for its costs only. */
class CostLog {
  readonly #source: EventReader;
  readonly #tally = new CostTally();

  constructor(source: EventReader) {
    this.#source = source;
  }

  async read(): Promise<Cost | null> {
    for (const event of await this.#source.read()) {
      if (event.kind === 'step') this.#tally.add(event);
    }
    return this.#tally.cost;
  }
}
