import type { TextTokenizer } from '../hub/tokenizer/tokenizer.ts';
import type { Question, TextExample } from './dataset.ts';

/** A prompt and its answer: as an example to train on, and as a question for evaluation. */
interface PromptExample {
  readonly example: TextExample;
  readonly question: Question;
}

/** Encodes prompts and answers: the prompt's tokens, the answer's, and the end-of-text token. */
export class PromptEncoder {
  readonly #tokenizer: TextTokenizer;
  readonly #eosId: number;
  readonly #maxLength: number;
  /** The beginning-of-text token, if this tokenizer adds one; undefined before the first text. */
  #start: readonly number[] | undefined;

  /** @param maxLength most tokens of an example, at least 2 */
  constructor(tokenizer: TextTokenizer, eosId: number, maxLength: number) {
    this.#tokenizer = tokenizer;
    this.#eosId = eosId;
    this.#maxLength = maxLength;
  }

  /**
   * Truncates to the maximum length: the prompt from its beginning, and only if that is not enough the answer from its end, which
   * then loses the end-of-text token too. At least one token of the prompt stays, as the answer's first token is predicted from
   * the one before it.
   * @returns null if the prompt or the answer has no tokens
   */
  async encode(prompt: string, answer: string): Promise<PromptExample | null> {
    this.#start ??= await this.#findStart();
    const promptIds = await this.#tokenizer.encodePlain(prompt);
    const answerIds = await this.#tokenizer.encodePlain(answer);
    if (this.#start.length + promptIds.length === 0 || answerIds.length === 0) return null;
    const targets = [...answerIds, this.#eosId].slice(0, this.#maxLength - 1);
    const context = this.#truncate(promptIds, this.#maxLength - targets.length);
    const ids = Int32Array.from([...context, ...targets]);
    return {
      example: { ids, typeIds: new Int32Array(ids.length), answerAt: context.length },
      question: { prompt: Int32Array.from(this.#truncate(promptIds, this.#maxLength)), answer },
    };
  }

  async #findStart(): Promise<readonly number[]> {
    const { bosId } = this.#tokenizer;
    const { ids } = await this.#tokenizer.encode('', null, this.#maxLength);
    return bosId !== null && ids[0] === bosId ? [bosId] : [];
  }

  /** The beginning-of-text token and the last tokens of a prompt, at most `length` together. */
  #truncate(prompt: Int32Array, length: number): number[] {
    const start = this.#start!;
    const count = Math.min(prompt.length, length - start.length);
    return [...start, ...prompt.subarray(prompt.length - count)];
  }
}

/** A comma between thousands, as in 12,500. */
const THOUSANDS_COMMA = /(?<=\d),(?=\d{3}(?!\d))/g;

/**
 * The part of an answer that is compared: the rest of the line after the first marker, trimmed and without the commas between
 * thousands. Without a marker, the whole text.
 * @param marker the config's `answerAfter`, such as `####`
 * @returns null if the text lacks the marker
 */
export function finalAnswer(text: string, marker: string | undefined): string | null {
  const start = marker === undefined ? 0 : text.indexOf(marker);
  if (start < 0) return null;
  const answer = marker === undefined ? text : text.slice(start + marker.length).split('\n', 1)[0]!;
  return answer.trim().replaceAll(THOUSANDS_COMMA, '');
}
