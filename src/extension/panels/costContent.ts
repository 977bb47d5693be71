import { type Cost, CostTally, costRatio, meanRunFor } from '../../runs/cost.ts';
import type { RunEvent } from '../../runs/events.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { EmptyMessage } from '../messages/common.ts';
import type { MetricsCost } from '../messages/metrics.ts';
import type { Content } from './livePage.ts';

interface Options<Run> {
  readonly runs: { readonly all: readonly Run[]; find(id: string): Run | undefined };
  /** Id of the run that the page shows. */
  readonly runId: () => string | undefined;
  /** Events of a run, from the beginning. */
  readonly open: (run: Run) => EventSource;
}

interface EventSource {
  /** Events added since the last call. */
  read(): Promise<RunEvent[]>;
}

/** A page on a run, and what the run costs beside the run on the mean. */
export class CostContent<
  Run extends RunSummary,
  ToWebview,
  ToHost extends { readonly type: string },
> implements Content<ToWebview | MetricsCost, ToHost>
{
  readonly #page: Content<ToWebview, ToHost>;
  readonly #options: Options<Run>;
  /** Of the runs that are looked at, by id. */
  #logs = new Map<string, CostLog>();
  #shown = '';

  constructor(page: Content<ToWebview, ToHost>, options: Options<Run>) {
    this.#page = page;
    this.#options = options;
  }

  async update(
    post: (message: ToWebview | MetricsCost | EmptyMessage) => void,
    fresh: boolean,
  ): Promise<boolean> {
    const more = await this.#page.update(post, fresh);
    const { runs, runId } = this.#options;
    const run = runs.find(runId() ?? '');
    if (!run) return more;
    const message = await this.#messageOf(run);
    const text = JSON.stringify(message);
    if (fresh || text !== this.#shown) post(message);
    this.#shown = text;
    return more;
  }

  receive(message: Parameters<Content<ToWebview, ToHost>['receive']>[0]): void {
    this.#page.receive(message);
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
        const { id } = of.manifest;
        const log = this.#logs.get(id) ?? new CostLog(this.#options.open(of));
        logs.set(id, log);
        return log.read();
      }),
    );
    // Logs of runs that are looked at no more are let go.
    this.#logs = logs;
    const againstMean = cost && than ? costRatio(cost, than) : null;
    return { type: 'cost', id: run.manifest.id, cost: cost ?? null, againstMean };
  }
}

/** The log of one run, read for its costs alone. */
class CostLog {
  readonly #source: EventSource;
  readonly #tally = new CostTally();

  constructor(source: EventSource) {
    this.#source = source;
  }

  async read(): Promise<Cost | null> {
    for (const event of await this.#source.read()) {
      if (event.kind === 'step') this.#tally.add(event);
    }
    return this.#tally.cost;
  }
}
