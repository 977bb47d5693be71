import type { ShownAlarm } from '../src/extension/messages/run.ts';
import { h, setText } from './dom.ts';

/** The alarms of the run: those that stand as sentences, spoken at once; those that are over in a list that opens. */
export class AlarmList {
  readonly element = h('div', { class: 'alarms', hidden: true });
  readonly #standing = h('ul', { 'aria-label': 'Alarms' });
  readonly #count = h('summary');
  readonly #past = h('ul');
  readonly #details = h('details', {}, this.#count, this.#past);
  #shown = '';

  constructor() {
    this.element.append(h('div', { role: 'alert' }, this.#standing), this.#details);
  }

  show(alarms: readonly ShownAlarm[]): void {
    const key = JSON.stringify(alarms);
    if (key === this.#shown) return;
    this.#shown = key;
    const standing = alarms.filter(({ clearedAt }) => clearedAt === null);
    const past = alarms.filter(({ clearedAt }) => clearedAt !== null);
    this.#standing.replaceChildren(...standing.map(itemOf));
    this.#past.replaceChildren(...past.map(itemOf));
    setText(this.#count, past.length === 1 ? 'A past alarm' : `${past.length} past alarms`);
    this.#standing.hidden = standing.length === 0;
    this.#details.hidden = past.length === 0;
    this.element.hidden = alarms.length === 0;
  }
}

export function hasStanding(alarms: readonly ShownAlarm[]): boolean {
  return alarms.some(({ clearedAt }) => clearedAt === null);
}

/** What a screen reader says of the alarms that stand; empty if none does. */
export function spokenAlarms(alarms: readonly ShownAlarm[]): string {
  return alarms
    .filter(({ clearedAt }) => clearedAt === null)
    .map(({ message }) => `Alarm: ${message}`)
    .join(' ');
}

function itemOf({ rule, step, message, clearedAt }: ShownAlarm): HTMLElement {
  const when = clearedAt === null ? `step ${step}` : `steps ${step} to ${clearedAt}`;
  const item = h(
    'li',
    { class: clearedAt === null ? 'alarm' : 'past' },
    h('strong', {}, `Alarm, ${when}: `),
    message,
  );
  item.dataset.rule = rule;
  // Where a line is too short for it.
  item.title = message;
  return item;
}
