import { h, setText } from '../dom.ts';

export type Tone = 'neutral' | 'good' | 'bad' | 'warning' | 'outlined' | 'still' | 'unknown';

/**
 * One or two words with the background and border of a tone. Tones never differ by colour alone; the words carry the
 * meaning. The toolkit's badge sets a style attribute in its markup, which the content security policy forbids.
 */
export class Badge {
  readonly element = h('span', { class: 'badge' });

  show(text: string, tone: Tone): void {
    setText(this.element, text);
    this.element.dataset.tone = tone;
  }
}
