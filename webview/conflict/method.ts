import type { RunHeader } from '../../src/extension/messages/run.ts';
import { h, setText } from '../dom.ts';
import { short } from '../format.ts';

/** The aggregator: its name in one line and, expanded, its guarantee, metric and reference. */
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
    setText(this.#summary, `${guaranteeOf(run)} · ${metric} metric`);
    this.#list.replaceChildren(
      ...entry('Guarantee', method?.guarantee ?? 'Unknown to this version of GRAIN.'),
      ...entry('Metric', METRICS[metric]),
      ...(smoothing > 0 ? entry('Smoothing', smoothingOf(smoothing)) : []),
      ...entry('Updates', UPDATES),
      ...(method ? entry('Reference', ...linked(method.reference)) : []),
    );
  }
}

const METRICS: Readonly<Record<RunHeader['metric'], string>> = {
  euclidean:
    'Euclidean: cosines, lengths and the certificate refer to the gradients as they are, before the optimizer rescales them.',
  preconditioned:
    'Preconditioned: cosines, lengths and the certificate include the optimizer’s rescaling P of each coordinate, so they hold for the step Pd.',
};

const UPDATES =
  'd is the direction that the optimizer gets. With momentum, rescaling and weight decay it becomes the actual update, which may conflict with groups that d does not conflict with.';

function guaranteeOf({ method, smoothing }: RunHeader): string {
  if (!method) return 'guarantee unknown';
  if (!method.nonConflicting) return 'no guarantee';
  return smoothing > 0 ? 'guarantee lost by smoothing' : 'guaranteed to conflict with no group';
}

function smoothingOf(smoothing: number): string {
  return `Each step keeps ${short(smoothing)} of the previous step’s weights. They partly belong to other gradients, so the guarantee holds for no single step.`;
}

function entry(term: string, ...description: readonly (Node | string)[]): HTMLElement[] {
  return [h('dt', {}, term), h('dd', {}, ...description)];
}

/** A reference with links for its arXiv ids and DOIs. */
function linked(reference: string): (Node | string)[] {
  return reference.split(/(arXiv:\d{4}\.\d{4,5}|doi:[^\s;,]+)/).map((part, i) => {
    if (i % 2 === 0) return part;
    const id = part.slice(part.indexOf(':') + 1);
    const site = part.startsWith('arXiv') ? 'https://arxiv.org/abs/' : 'https://doi.org/';
    return h('a', { href: `${site}${id}` }, part);
  });
}
