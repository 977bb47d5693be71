import type {
  ConflictAppend,
  ConflictPoint,
  ConflictShow,
  CosineMatrix,
} from '../../src/extension/messages/conflict.ts';
import { colourBar } from '../charts/colourBar.ts';
import { ConflictLines } from '../charts/conflictLines.ts';
import { Figure } from '../charts/figure.ts';
import { CosineChart } from '../charts/matrix.ts';
import { DataTable } from '../controls/dataTable.ts';
import { h } from '../dom.ts';
import { exact, percent, short, thinned } from '../format.ts';
import { latest, newestFirst } from '../latest.ts';
import { Page } from '../page.ts';
import { RunTitle, spokenRun } from '../runHeader.ts';
import './conflict.css';
import { CertificateLine, type Tally, verdict } from './certificate.ts';

/** Do the groups pull against each other, and does the step hurt any of them? */
export class ConflictView {
  readonly #page: Page;
  readonly #title: RunTitle;
  readonly #certificate = new CertificateLine();
  readonly #table = new DataTable('Conflict of the latest steps');
  readonly #figures;
  readonly #matrix: CosineChart;
  readonly #minCosine: ConflictLines;
  readonly #rates: ConflictLines;
  readonly #normRatio: ConflictLines;
  #aggregator = '';
  #latest: readonly ConflictPoint[] = [];
  #tally: Tally = { steps: 0, uncertified: 0 };

  constructor(root: HTMLElement, onSelectRun: (runId: string) => void) {
    this.#title = new RunTitle(onSelectRun);
    const figures = h('div', { class: 'figures' });
    this.#page = new Page(root, 'conflict', this.#title.element, figures, this.#table.element);
    const { announcer } = this.#page;
    this.#figures = {
      minCosine: new Figure({
        id: 'min-cosine',
        title: 'Smallest cosine with the step',
        help: 'Smallest ⟨g*, gᵢ⟩ / (‖g*‖‖gᵢ‖) over the groups: below zero, the step makes a group worse to first order.',
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
        help: 'Share of pairs of groups with a negative cosine, and share of groups that the plain mean would step against.',
        announcer,
      }),
      normRatio: new Figure({
        id: 'norm-ratio',
        title: 'Length of the step over that of the mean',
        help: '‖g*‖ / ‖ḡ‖: the price of not hurting any group; 1 where there is no conflict.',
        announcer,
      }),
    };
    const { minCosine, matrix, rates, normRatio } = this.#figures;
    minCosine.element.classList.add('wide');
    minCosine.plot.before(this.#certificate.element);
    matrix.plot.after(colourBar());
    figures.append(minCosine.element, matrix.element, rates.element, normRatio.element);
    const aggregator = () => this.#aggregator;
    this.#minCosine = ConflictLines.minCosine(minCosine, aggregator);
    this.#matrix = new CosineChart(matrix);
    this.#rates = ConflictLines.rates(rates);
    this.#normRatio = ConflictLines.normRatio(normRatio, aggregator);
  }

  show({ run, choices, points, now }: ConflictShow): void {
    this.#page.showContent();
    this.#title.show(run, choices);
    this.#aggregator = run.aggregator;
    this.#latest = [];
    this.#tally = { steps: 0, uncertified: 0 };
    for (const lines of [this.#minCosine, this.#rates, this.#normRatio]) lines.show([]);
    this.#take(points);
    this.#describe(now);
    this.#speak(run);
  }

  append({ run, points, now }: ConflictAppend): void {
    this.#title.update(run);
    this.#take(points);
    this.#describe(now);
    this.#speak(run);
  }

  empty(reason: string): void {
    this.#page.showEmpty(reason);
  }

  #take(points: readonly ConflictPoint[]): void {
    for (const lines of [this.#minCosine, this.#rates, this.#normRatio]) lines.append(points);
    this.#latest = latest(this.#latest, points);
    this.#tally = {
      steps: this.#tally.steps + points.length,
      uncertified:
        this.#tally.uncertified + points.filter(({ certified }) => certified === false).length,
    };
  }

  #describe(now: CosineMatrix | null): void {
    const { minCosine, matrix, rates, normRatio } = this.#figures;
    const point = this.#latest.at(-1);
    const none = 'no step yet';
    this.#matrix.show(now?.groupNames ?? [], now?.cosines ?? []);
    this.#certificate.show(point, this.#tally);
    matrix.now(now ? `step ${now.step}${lowest(now)}` : none);
    minCosine.now(point ? `${short(point.minCosine)} now` : none);
    rates.now(
      point
        ? `${percent(point.conflictRate)} of pairs, mean against ${percent(point.meanConflictRate)} of groups`
        : none,
    );
    normRatio.now(point ? `${short(point.normRatio)} now` : none);
    for (const [figure, lines] of [
      [minCosine, this.#minCosine],
      [rates, this.#rates],
      [normRatio, this.#normRatio],
    ] as const) {
      figure.note(thinned(lines.stride));
    }
    this.#table.show(() => [
      [
        'step',
        'smallest cosine',
        'certified',
        'relative gap',
        'pairs in conflict',
        'mean against',
        '‖g*‖ / ‖ḡ‖',
      ],
      newestFirst(this.#latest).map((row) => [
        String(row.step),
        exact(row.minCosine),
        row.certified === null ? '–' : row.certified ? 'yes' : 'NO',
        exact(row.relativeGap),
        percent(row.conflictRate),
        percent(row.meanConflictRate),
        exact(row.normRatio),
      ]),
    ]);
  }

  #speak(run: ConflictShow['run']): void {
    const point = this.#latest.at(-1);
    const { badge, text, past } = verdict(point, this.#tally);
    this.#page.announcer.inform(`${spokenRun(run)}. ${badge}. ${text} ${past}`);
  }
}

/** The pair that disagrees most, for a caption. */
function lowest({ cosines }: CosineMatrix): string {
  const off = cosines.flatMap((row, i) => row.filter((value, j) => j > i && value !== null));
  const least = Math.min(...(off as number[]));
  return Number.isFinite(least) ? `, lowest ${short(least)}` : '';
}
