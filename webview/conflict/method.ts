import type { RunHeader } from '../../src/extension/messages/run.ts';
import { h, setText } from '../dom.ts';
import { short } from '../format.ts';

/** Which method chose the steps: its name in one line, and on demand what it promises, where, and where it comes from. */
export class MethodCard {
  readonly element: HTMLDetailsElement;
  readonly #title = h('strong');
  readonly #summary = h('span', { class: 'method-summary' });
  readonly #list = h('dl');
  #shown = '';

  constructor() {
    this.element = h(
      'details',
      { class: 'method' },
      h('summary', {}, this.#title, ' ', this.#summary),
      this.#list,
    );
  }

  show(run: RunHeader): void {
    const { aggregator, method, metric, smoothing } = run;
    const key = JSON.stringify([aggregator, method, metric, smoothing]);
    if (key === this.#shown) return;
    this.#shown = key;
    setText(this.#title, method?.title ?? aggregator);
    setText(this.#summary, `${promiseOf(run)} · ${metric} metric`);
    this.#list.replaceChildren(
      ...entry('Guarantee', method?.guarantee ?? 'Not known to this version of GRAIN.'),
      ...entry('Metric', METRICS[metric]),
      ...(smoothing > 0 ? entry('Smoothing', smoothingOf(smoothing)) : []),
      ...entry('Updates', UPDATES),
      ...(method ? entry('Reference', ...linked(method.reference)) : []),
    );
  }
}

const METRICS: Readonly<Record<RunHeader['metric'], string>> = {
  euclidean:
    'Euclidean: cosines, lengths and the certificate are those of the gradients as they are, before the optimizer rescales them.',
  preconditioned:
    'Preconditioned: cosines, lengths and the certificate are taken after the optimizer’s rescaling P of each coordinate, so that what they say of d and the groups they say of the step Pd.',
};

const UPDATES =
  'd is the direction that goes to the optimizer. What it makes of d, with momentum, rescaling and weight decay, is the actual update; it may go against groups that d does not.';

function promiseOf({ method, smoothing }: RunHeader): string {
  if (!method) return 'what it promises is not known';
  if (!method.nonConflicting) return 'no promise';
  return smoothing > 0 ? 'promise lost by smoothing' : 'promises to step against no group';
}

function smoothingOf(smoothing: number): string {
  return `${short(smoothing)} of the last step’s weights are kept. Each step’s weights are thus partly those of other gradients, and the guarantee holds for no single step.`;
}

function entry(term: string, ...description: readonly (Node | string)[]): HTMLElement[] {
  return [h('dt', {}, term), h('dd', {}, ...description)];
}

/** A reference whose arXiv ids and DOIs can be followed. */
function linked(reference: string): (Node | string)[] {
  return reference.split(/(arXiv:\d{4}\.\d{4,5}|doi:[^\s;,]+)/).map((part, i) => {
    if (i % 2 === 0) return part;
    const id = part.slice(part.indexOf(':') + 1);
    const site = part.startsWith('arXiv') ? 'https://arxiv.org/abs/' : 'https://doi.org/';
    return h('a', { href: `${site}${id}` }, part);
  });
}
