import type { Look, PredictionsShow } from '../../src/extension/messages/predictions.ts';
import { h } from '../dom.ts';
import { grouped } from '../format.ts';

type Filter = 'only' | 'target' | 'prediction' | 'group';

/** No filter, as the value of an option. */
const ANY = '';

/** Lists that choose which examples the table shows. */
export class Filters {
  readonly element: HTMLElement;
  readonly #lists: Readonly<Record<Filter, { label: HTMLElement; list: HTMLSelectElement }>>;
  readonly #clear = h('button', { type: 'button', class: 'small-button' }, 'Show all');

  constructor(onLook: (change: Partial<Look>) => void) {
    const labelled = (name: string, change: (value: string) => Partial<Look>) => {
      const list = h('select');
      list.addEventListener('change', () => onLook(change(list.value)));
      return { label: h('label', {}, name, list), list };
    };
    const orNull = (value: string) => (value === ANY ? null : value.slice(1));
    this.#lists = {
      only: labelled('Show', (value) => ({ only: value as Look['only'] })),
      target: labelled('Target', (value) => ({ target: orNull(value) })),
      prediction: labelled('Prediction', (value) => ({ prediction: orNull(value) })),
      group: labelled('Group', (value) => ({ group: orNull(value) })),
    };
    this.#clear.addEventListener('click', () =>
      onLook({ only: 'all', target: null, prediction: null, group: null }),
    );
    this.element = h(
      'div',
      { class: 'view-toolbar', role: 'group', 'aria-label': 'Filter' },
      ...Object.values(this.#lists).map(({ label }) => label),
      this.#clear,
    );
  }

  show({
    look,
    classes,
    groups,
    counts,
  }: Pick<PredictionsShow, 'look' | 'classes' | 'groups' | 'counts'>): void {
    const { only, target, prediction, group } = this.#lists;
    const several = counts.seeds > 1;
    const count = (of: number | null) => (of === null ? '' : ` (${grouped(of)})`);
    fill(only, look.only, [
      ['all', `all${count(counts.examples)}`],
      ...(counts.wrong === null
        ? []
        : ([
            ['wrong', `${several ? 'wrong for some seed' : 'wrong'}${count(counts.wrong)}`],
            ...(several
              ? [['alwaysWrong', `wrong for all seeds${count(counts.alwaysWrong)}`] as const]
              : []),
            ['disputed', `seeds differ${count(counts.disputed)}`],
          ] as const)),
    ]);
    const named = (names: readonly string[]) => [
      [ANY, 'any'] as const,
      ...names.map((name) => [`=${name}`, name] as const),
    ];
    const value = (chosen: string | null) => (chosen === null ? ANY : `=${chosen}`);
    fill(target, value(look.target), named(classes));
    fill(prediction, value(look.prediction), named(classes));
    fill(group, value(look.group), named(groups));
    const { only: shown, target: of, prediction: as, group: within } = look;
    this.#clear.disabled = shown === 'all' && of === null && as === null && within === null;
  }
}

/** A list with a single choice is no choice, and not shown. */
function fill(
  { label, list }: { label: HTMLElement; list: HTMLSelectElement },
  chosen: string,
  options: readonly (readonly [value: string, text: string])[],
): void {
  label.hidden = options.length < 2;
  const key = JSON.stringify(options);
  if (list.dataset.options !== key) {
    list.dataset.options = key;
    list.replaceChildren(...options.map(([value, text]) => h('option', { value }, text)));
  }
  list.value = chosen;
}
