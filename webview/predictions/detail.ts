import type { ExampleShow, PredictionsPicture } from '../../src/extension/messages/predictions.ts';
import { h, setText } from '../dom.ts';
import { exact, figure, percent } from '../format.ts';

type Example = NonNullable<ExampleShow['example']>;
type Kind = PredictionsPicture['kind'];

/** One example: its whole text, what the data says, and what each seed predicts. */
export class ExampleDetail {
  readonly element: HTMLElement;
  readonly #title = h('h2', { tabindex: -1 });
  readonly #facts = h('dl');
  readonly #seeds = h('div', { class: 'seed-answers' });

  /** @param onStep opens the example before (−1) or after (1) in the table */
  constructor(onClose: () => void, onStep: (by: -1 | 1) => void) {
    const button = (label: string, text: string, act: () => void) => {
      const it = h(
        'button',
        { type: 'button', class: 'small-button', 'aria-label': label, title: label },
        text,
      );
      it.addEventListener('click', act);
      return it;
    };
    this.element = h(
      'section',
      { class: 'figure example', 'aria-label': 'Example', hidden: true },
      h(
        'div',
        { class: 'title-line' },
        this.#title,
        button('Previous example of the page', '▲', () => onStep(-1)),
        button('Next example of the page', '▼', () => onStep(1)),
        button('Close the example', '✕', onClose),
      ),
      this.#facts,
      this.#seeds,
    );
    this.element.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') onClose();
    });
  }

  show(example: Example | null, kind: Kind): void {
    this.element.hidden = example === null;
    if (!example) return;
    setText(this.#title, `Example in row ${example.index}`);
    const expected = kind === 'answers' ? 'expected' : 'target';
    this.#facts.replaceChildren(
      ...partsOf(example),
      ...entry(expected, kind === 'values' ? exact(Number(example.target)) : example.target),
      ...(example.group === null ? [] : entry('group', example.group)),
    );
    this.#seeds.replaceChildren(
      ...(kind === 'answers' ? answersOf(example) : [tableOf(example, kind)]),
    );
  }

  focus(): void {
    this.#title.focus();
  }
}

function partsOf({ parts, textNote, index }: Example): HTMLElement[] {
  if (parts) return parts.flatMap(({ name, text }) => entry(name, text));
  return textNote === ''
    ? []
    : entry('text', `Row ${index} of the validation examples. ${textNote}`);
}

function entry(term: string, text: string): HTMLElement[] {
  return [h('dt', {}, term), h('dd', { class: 'text' }, text)];
}

/** Answers are read: one below the other. */
function answersOf({ seeds }: Example): HTMLElement[] {
  return seeds.map(({ seed, prediction, right }) =>
    h(
      'article',
      {},
      h('h3', {}, `Seed ${seed}: ${right ? '✓ right' : '✕ wrong'}`),
      h('p', { class: 'text' }, prediction ?? 'no answer'),
    ),
  );
}

function tableOf({ seeds }: Example, kind: Kind): HTMLElement {
  const isClasses = kind === 'classes';
  const titles = ['seed', 'prediction', isClasses ? 'loss' : 'squared error'];
  return h(
    'div',
    {
      class: 'table-scroll',
      tabindex: 0,
      role: 'region',
      'aria-label': 'Predictions of each seed',
    },
    h(
      'table',
      {},
      h('caption', { class: 'visually-hidden' }, 'Predictions of each seed'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...[...titles, ...(isClasses ? ['likeliest classes'] : [])].map((title) =>
            h('th', { scope: 'col' }, title),
          ),
        ),
      ),
      h('tbody', {}, ...seeds.map((seed) => seedLine(seed, isClasses))),
    ),
  );
}

function seedLine(
  { seed, prediction, right, loss, probabilities }: Example['seeds'][number],
  isClasses: boolean,
): HTMLElement {
  const mark = right === null ? '' : right ? '✓ ' : '✕ ';
  const shown = prediction === null ? 'none' : isClasses ? prediction : exact(Number(prediction));
  const likeliest = probabilities.map(({ name, probability }) => `${name} ${percent(probability)}`);
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, seed),
    h('td', {}, `${mark}${shown}`),
    h('td', {}, figure(loss)),
    ...(isClasses ? [h('td', { class: 'excerpt' }, likeliest.join(', '))] : []),
  );
}
