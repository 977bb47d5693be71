import type { Tokenizer } from '../hub/tokenizer/tokenizer.ts';
import type { Question, TextExample } from './dataset.ts';

/** A prompt and its answer, to train on and to ask. */
interface Exercise {
  readonly example: TextExample;
  readonly question: Question;
}

/** Makes examples of prompts and answers: the prompt's tokens, the answer's, and the one that ends a text. */
export class PromptEncoder {
  readonly #tokenizer: Tokenizer;
  readonly #eosId: number;
  readonly #maxLength: number;
  /** The token that this tokenizer begins a text with, if it does. */
  readonly #start: readonly number[];

  /** @param maxLength tokens that an example may have, at least 2 */
  constructor(tokenizer: Tokenizer, eosId: number, maxLength: number) {
    this.#tokenizer = tokenizer;
    this.#eosId = eosId;
    this.#maxLength = maxLength;
    const { bosId } = tokenizer;
    const first = tokenizer.encode('', null, maxLength).ids[0];
    this.#start = bosId !== null && first === bosId ? [bosId] : [];
  }

  /**
   * An answer that fills the length alone is cut, and does not end then; a prompt loses its beginning to make room. At least one
   * of its tokens stays, since the answer's first token is predicted from the one before.
   * @returns null where prompt or answer has no tokens
   */
  encode(prompt: string, answer: string): Exercise | null {
    const asked = this.#tokenizer.encodePlain(prompt);
    const said = this.#tokenizer.encodePlain(answer);
    if (this.#start.length + asked.length === 0 || said.length === 0) return null;
    const learnt = [...said, this.#eosId].slice(0, this.#maxLength - 1);
    const before = this.#cut(asked, this.#maxLength - learnt.length);
    const ids = Int32Array.from([...before, ...learnt]);
    return {
      example: { ids, typeIds: new Int32Array(ids.length), answerAt: before.length },
      question: { prompt: Int32Array.from(this.#cut(asked, this.#maxLength)), answer },
    };
  }

  /** The end of a prompt, after what begins a text. */
  #cut(prompt: Int32Array, length: number): number[] {
    const kept = Math.min(prompt.length, length - this.#start.length);
    return [...this.#start, ...prompt.subarray(prompt.length - kept)];
  }
}
