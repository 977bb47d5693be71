import type {
  ConflictAppend,
  ConflictShow,
  ConflictToWebview,
} from '../../src/extension/messages/conflict.ts';
import type { ConflictPoint, CosineMatrix } from '../../src/extension/messages/points.ts';
import type { RunHeader, RunPanelState, RunRequest } from '../../src/extension/messages/run.ts';
import { ConflictLines } from '../charts/conflictLines.ts';
import { Figure } from '../charts/figure.ts';
import { colourBar, HeatMap } from '../charts/heatMap.ts';
import { DataTable, latest, type Row } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { exact, percent, short, thinned } from '../format.ts';
import { connect, Page, rootElement } from '../page.ts';
import { RunTitle, spokenRun } from '../runHeader.ts';
import { formatGuarantee, reasonOf, verdictOf } from '../verdict.ts';
import './conflict.css';
import { CertificateLine, spokenGuarantee } from './certificate.ts';
import { MethodCard } from './method.ts';

/** Do the groups' gradients conflict, and does the step conflict with any group? */
class ConflictView {
  readonly #page: Page;
  readonly #title: RunTitle;
  readonly #method = new MethodCard();
  readonly #certificate = new CertificateLine();
  readonly #table = new DataTable('Conflict of the latest steps');
  readonly #figures;
  readonly #matrix: HeatMap;
  readonly #minCosine: ConflictLines;
  readonly #rates: ConflictLines;
  readonly #normRatio: ConflictLines;
  #latest: readonly ConflictPoint[] = [];

  constructor(root: HTMLElement, onSelectRun: (runId: string) => void) {
    this.#title = new RunTitle(onSelectRun);
    const figures = h('div', { class: 'figures' });
    this.#page = new Page(
      root,
      'conflict',
      this.#title.element,
      this.#method.element,
      figures,
      this.#table.element,
    );
    const { announcer } = this.#page;
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
        title: 'Length of the direction relative to the mean',
        help: '‖d‖ / ‖ḡ‖: how long the direction d is, compared with the plain mean ḡ of the gradients.',
        announcer,
      }),
    };
    const { minCosine, matrix, rates, normRatio } = this.#figures;
    minCosine.element.classList.add('wide');
    minCosine.plot.before(this.#certificate.element);
    matrix.plot.after(colourBar(-1, '−1 opposed', '1 aligned'));
    figures.append(minCosine.element, matrix.element, rates.element, normRatio.element);
    this.#minCosine = ConflictLines.minCosine(minCosine);
    this.#matrix = new HeatMap(matrix, { quantity: 'cosine' });
    this.#rates = ConflictLines.rates(rates);
    this.#normRatio = ConflictLines.normRatio(normRatio);
  }

  show({ run, choices, points, now }: ConflictShow): void {
    this.#page.showContent();
    this.#title.show(run, choices);
    this.#latest = [];
    for (const lines of [this.#minCosine, this.#rates, this.#normRatio]) lines.show(run, []);
    this.append({ type: 'append', run, points, now });
  }

  append({ run, points, now }: ConflictAppend): void {
    this.#title.update(run);
    this.#method.show(run);
    for (const lines of [this.#minCosine, this.#rates, this.#normRatio]) lines.append(points);
    this.#latest = latest(this.#latest, points);
    this.#describe(run, now);
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #describe(run: RunHeader, now: CosineMatrix | null): void {
    const { minCosine, matrix, rates, normRatio } = this.#figures;
    const point = this.#latest.at(-1);
    const k = now?.step === point?.step ? now?.groupNames.length : undefined;
    const verdict = verdictOf(run, point, k);
    this.#certificate.show(run, verdict);
    const { groupNames = [], cosines = [] } = now ?? {};
    this.#matrix.show({ rows: groupNames, columns: groupNames, values: cosines });
    const absence = point ? `Not measured: ${reasonOf(point.unmeasured)}.` : '';
    matrix.absent(now ? '' : absence);
    matrix.now(now ? `step ${now.step}${lowest(now)}` : '');
    const key = point && {
      minCosine: `${short(point.minCosine)} now`,
      rates: ratesOf(point),
      normRatio: `${short(point.normRatio)} now`,
    };
    for (const [figure, lines, text] of [
      [minCosine, this.#minCosine, key?.minCosine],
      [rates, this.#rates, key?.rates],
      [normRatio, this.#normRatio, key?.normRatio],
    ] as const) {
      figure.absent(lines.isMeasured ? '' : absence);
      figure.now(text === undefined ? 'no step yet' : lines.isMeasured ? text : '');
      figure.note(thinned(lines.stride));
    }
    this.#table.show(() => this.#rows(run));
    const { now: sentence, past, updates } = verdict;
    this.#page.announcer.inform(
      [`${spokenRun(run)}.`, spokenGuarantee(run), sentence, past, updates]
        .filter(Boolean)
        .join(' '),
    );
  }

  #rows({ method }: RunHeader): [Row, Row[]] {
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
      this.#latest
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
  return Number.isFinite(least) ? `, lowest ${short(least)}` : '';
}

const host = connect<ConflictToWebview, RunRequest, RunPanelState>();
const view = new ConflictView(rootElement(), (id) => host.post({ type: 'selectRun', id }));

host.listen((message) => {
  switch (message.type) {
    case 'show':
      host.setState({ runId: message.run.id });
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
