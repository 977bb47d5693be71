import type { GuaranteeBadge, RunHeader } from '../../src/extension/messages/run.ts';
import { hasStanding } from '../alarmList.ts';
import { Badge, type Tone } from '../controls/badge.ts';
import { Toggletip } from '../controls/toggletip.ts';
import { h, setText } from '../dom.ts';
import type { Verdict } from '../verdict.ts';

const TONES: Readonly<Record<GuaranteeBadge['state'], Tone>> = {
  waiting: 'neutral',
  certified: 'good',
  updatesConflict: 'warning',
  updatesUnmeasured: 'unknown',
  violated: 'bad',
  stationary: 'still',
  unmeasured: 'unknown',
  none: 'outlined',
  lost: 'warning',
  unknown: 'unknown',
};

/**
 * What became of the guarantee: a badge over all steps with the same figure of the mean, the latest step, counts, a remedy, and
 * on demand what the badge means.
 */
export class CertificateLine {
  readonly element: HTMLElement;
  readonly #badge = new Badge();
  readonly #mean = h('span', { class: 'certificate-mean' });
  readonly #now = h('span', { class: 'certificate-now' });
  readonly #gap = h(
    'span',
    {},
    ...new Toggletip(
      'gap',
      'How far the weights may be from the best ones, as a share of the step’s squared length: 0 is the exact solution.',
    ).elements,
  );
  readonly #past = h('span', { class: 'certificate-past' });
  readonly #updates = h('span', { class: 'certificate-updates' });
  readonly #remedy = h('p', { class: 'certificate-remedy', hidden: true });
  readonly #meaning = h('p');
  readonly #help = h(
    'details',
    { class: 'certificate-help' },
    h('summary', {}, 'What does this badge mean?'),
    this.#meaning,
  );

  constructor() {
    this.element = h(
      'div',
      { class: 'certificate' },
      h('p', { class: 'certificate-badge' }, this.#badge.element, this.#mean),
      h('p', { class: 'certificate-counts' }, this.#now, this.#gap, this.#past, this.#updates),
      this.#remedy,
      this.#help,
    );
  }

  show({ guarantee, alarms }: RunHeader, { now, past, updates, hasGap }: Verdict): void {
    const { badge, besideMean, counts } = guarantee;
    this.element.dataset.state = badge.state;
    this.element.classList.toggle('alarm', counts.violated > 0);
    // No green over a run that is being ruined, whatever its updates conflict with.
    const tone = TONES[badge.state];
    this.#badge.show(badge.text, tone === 'good' && hasStanding(alarms) ? 'outlined' : tone);
    setText(this.#mean, besideMean);
    setText(this.#now, now);
    this.#gap.hidden = !hasGap;
    setText(this.#past, past);
    setText(this.#updates, updates);
    setText(this.#remedy, remedyText(badge));
    this.#remedy.hidden = badge.remedy === null;
    setText(this.#meaning, badge.meaning);
    this.#help.hidden = badge.meaning === '';
  }
}

/** The line for a screen reader. */
export function spokenGuarantee({ guarantee: { badge, besideMean } }: RunHeader): string {
  return [`${badge.text}.`, besideMean && `${besideMean}.`, remedyText(badge)]
    .filter(Boolean)
    .join(' ');
}

function remedyText({ remedy }: GuaranteeBadge): string {
  return remedy === null ? '' : `Remedy: ${remedy}`;
}
