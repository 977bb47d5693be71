import type { WindowReply } from '../../src/extension/messages/columns.ts';
import type {
  ConflictAppend,
  ConflictShow,
  ConflictToWebview,
} from '../../src/extension/messages/conflict.ts';
import type { ConflictPoint, CosineMatrix } from '../../src/extension/messages/points.ts';
import type { RunHeader, RunRequest } from '../../src/extension/messages/run.ts';
import { ConflictLines } from '../charts/conflictLines.ts';
import { Figure } from '../charts/figure.ts';
import { colourBar, HeatMap } from '../charts/heatMap.ts';
import { DataTable, type Row } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { bucketed, exact, figure, grouped, percent } from '../format.ts';
import { connect, rootElement } from '../page.ts';
import { spokenRun } from '../runHeader.ts';
import { type RunHost, RunPage, type SavedRun } from '../runPage.ts';
import { formatGuarantee, reasonOf, verdictOf } from '../verdict.ts';
import './conflict.css';
import { CertificateLine, spokenGuarantee } from './certificate.ts';
import { MethodCard } from './method.ts';

/** Do the groups' gradients conflict, and does the step conflict with any group? */
class ConflictView {
  readonly #page: RunPage;
  readonly #method = new MethodCard();
  readonly #certificate = new CertificateLine();
  readonly #table = new DataTable('Conflict of the latest steps');
  readonly #figures;
  readonly #matrix: HeatMap;
  readonly #minCosine: ConflictLines;
  readonly #rates: ConflictLines;
  readonly #normRatio: ConflictLines;

  constructor(root: HTMLElement, host: RunHost<ConflictToWebview>) {
    const figures = h('div', { class: 'figures' });
    this.#page = new RunPage(
      root,
      'conflict',
      host,
      this.#method.element,
      figures,
      this.#table.element,
    );
    figures.before(this.#page.toolbar.element);
    const { announcer, view } = this.#page;
    this.#figures = {
      minCosine: new Figure({
        id: 'min-cosine',
        title: 'Smallest cosine with the step',
        help: 'Smallest ⟨d, gᵢ⟩ / (‖d‖‖gᵢ‖) over the groups, where d is the direction of the step. Below zero, the step makes a group worse, to first order.',
        announcer,
      }),
      matrix: new Figure({
        id: 'conflict-matrix',
        title: 'Cosines between groups',
        help: 'Cosine of the angle between the gradients of two groups, at the latest step.',
        announcer,
      }),
      rates: new Figure({
        id: 'conflict-rate',
        title: 'Conflict',
        help: 'Share of pairs of groups with a negative cosine; shares of groups that the plain mean would conflict with, and that the actual update of the parameters conflicts with.',
        announcer,
      }),
      normRatio: new Figure({
        id: 'norm-ratio',
        title: 'Length relative to the mean',
        help: '‖d‖ / ‖ḡ‖: how long the direction d is, compared with the plain mean ḡ of the gradients.',
        announcer,
      }),
    };
    const { minCosine, matrix, rates, normRatio } = this.#figures;
    minCosine.element.classList.add('wide');
    minCosine.plot.before(this.#certificate.element);
    matrix.plot.after(colourBar(-1, '−1 opposed', '1 aligned'));
    figures.append(minCosine.element, matrix.element, rates.element, normRatio.element);
    this.#minCosine = ConflictLines.minCosine(minCosine, view);
    this.#matrix = new HeatMap(matrix, { quantity: 'cosine' });
    this.#rates = ConflictLines.rates(rates, view);
    this.#normRatio = ConflictLines.normRatio(normRatio, view);
  }

  show({ run, choices, steps, ...rest }: ConflictShow): void {
    this.#page.title(run, choices);
    for (const lines of [this.#minCosine, this.#rates, this.#normRatio]) lines.show(run);
    this.#page.show(run, steps);
    this.append({ ...rest, type: 'append', run, steps: null });
  }

  append({ run, steps, latest, now }: ConflictAppend): void {
    this.#page.append(run, steps);
    this.#method.show(run);
    this.#describe(run, latest, now);
  }

  window({ steps }: WindowReply): void {
    this.#page.view.replace(steps);
    this.#note();
  }

  empty(reason: string): void {
    this.#page.empty(reason);
  }

  #describe(run: RunHeader, latest: readonly ConflictPoint[], now: CosineMatrix | null): void {
    const { minCosine, matrix, rates, normRatio } = this.#figures;
    const point = latest.at(-1);
    const k = now?.step === point?.step ? now?.groupNames.length : undefined;
    const verdict = verdictOf(run, point, k);
    this.#certificate.show(run, verdict);
    const { groupNames = [], cosines = [] } = now ?? {};
    this.#matrix.show({ rows: groupNames, columns: groupNames, values: cosines });
    const absence = point ? `Not measured: ${reasonOf(point.unmeasured)}.` : '';
    matrix.absent(now ? '' : absence);
    matrix.now(now ? `step ${grouped(now.step)}${lowest(now)}` : '');
    const key = point && {
      minCosine: `${figure(point.minCosine)} now`,
      rates: ratesOf(point),
      normRatio: `${figure(point.normRatio)} now`,
    };
    for (const [figure, lines, text] of [
      [minCosine, this.#minCosine, key?.minCosine],
      [rates, this.#rates, key?.rates],
      [normRatio, this.#normRatio, key?.normRatio],
    ] as const) {
      figure.absent(lines.isMeasured ? '' : absence);
      figure.now(text === undefined ? 'no step yet' : lines.isMeasured ? text : '');
    }
    this.#note();
    this.#table.show(() => this.#rows(run, latest));
    const { now: sentence, past, updates } = verdict;
    this.#page.announcer.inform(
      [`${spokenRun(run)}.`, spokenGuarantee(run), sentence, past, updates]
        .filter(Boolean)
        .join(' '),
    );
  }

  #note(): void {
    const { minCosine, rates, normRatio } = this.#figures;
    for (const figure of [minCosine, rates, normRatio]) figure.note(bucketed(this.#rates.bucket));
  }

  #rows({ method }: RunHeader, latest: readonly ConflictPoint[]): [Row, Row[]] {
    // The gap is meaningful only for weights that should give the shortest direction.
    const gap = (cell: string) => (method?.minimumNorm ? [cell] : []);
    return [
      [
        'step',
        'smallest cosine',
        'guarantee',
        'conflict with step',
        ...gap('relative gap'),
        'pairs in conflict',
        'conflict with mean',
        'conflict with update',
        '‖d‖ / ‖ḡ‖',
      ],
      latest
        .toReversed()
        .map((row) => [
          String(row.step),
          exact(row.minCosine),
          formatGuarantee(row),
          percent(row.conflictsWith),
          ...gap(exact(row.relativeGap)),
          percent(row.conflictRate),
          percent(row.meanConflictRate),
          percent(row.updateConflictsWith),
          exact(row.normRatio),
        ]),
    ];
  }
}

function ratesOf({ conflictRate, meanConflictRate, updateConflictsWith }: ConflictPoint): string {
  const update = updateConflictsWith === null ? '' : `, update ${percent(updateConflictsWith)}`;
  return `pairs ${percent(conflictRate)}, mean ${percent(meanConflictRate)}${update}`;
}

/** The lowest cosine of a pair, for a caption. */
function lowest({ cosines }: CosineMatrix): string {
  const pairs = cosines.flatMap((row, i) => row.slice(i + 1));
  const least = Math.min(...pairs.filter((cosine) => cosine !== null));
  return Number.isFinite(least) ? `, lowest ${figure(least)}` : '';
}

const host = connect<ConflictToWebview, RunRequest, SavedRun>();
const view = new ConflictView(rootElement(), host);

host.listen((message) => {
  switch (message.type) {
    case 'show':
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'window':
      return view.window(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
