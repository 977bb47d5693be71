import type { ConflictPoint } from '../../src/extension/messages/conflict.ts';
import { Badge, type Tone } from '../controls/badge.ts';
import { h, setText } from '../dom.ts';
import { magnitude, plural } from '../format.ts';

/** How many steps so far were certified; counted over all steps, not only those drawn. */
export interface Tally {
  readonly steps: number;
  readonly uncertified: number;
}

/** Whether the latest step made any group worse to first order, and how many steps of the run did. */
export class CertificateLine {
  readonly element: HTMLElement;
  readonly #badge = new Badge();
  readonly #text = h('span');
  readonly #past = h('span');

  constructor() {
    this.element = h('p', { class: 'certificate' }, this.#badge.element, this.#text, this.#past);
  }

  show(point: ConflictPoint | undefined, tally: Tally): void {
    const { badge, tone, text, past } = verdict(point, tally);
    this.#badge.show(badge, tone);
    setText(this.#text, text);
    setText(this.#past, past);
    this.#text.dataset.tone = tone;
    this.#past.dataset.tone = tally.uncertified > 0 ? 'bad' : 'good';
  }
}

/** Also what a screen reader hears. */
export function verdict(
  point: ConflictPoint | undefined,
  { steps, uncertified }: Tally,
): { readonly badge: string; readonly tone: Tone; readonly text: string; readonly past: string } {
  if (!point) return { badge: 'no step yet', tone: 'neutral', text: '', past: '' };
  const gap = `gap ${magnitude(point.relativeGap)}`;
  const past =
    uncertified === 0
      ? `All ${plural(steps, 'step')} certified.`
      : `${uncertified} of ${plural(steps, 'step')} not certified.`;
  if (point.certified) {
    return { badge: 'certified', tone: 'good', text: `No group stepped against; ${gap}.`, past };
  }
  if (point.certified === null) {
    return { badge: 'not measurable', tone: 'neutral', text: '', past: '' };
  }
  const reason =
    point.minCosine === null ? 'A gradient is not finite' : 'A group was stepped against';
  return { badge: 'NOT certified', tone: 'bad', text: `${reason}; ${gap}.`, past };
}
