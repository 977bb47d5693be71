import * as z from 'zod';
import { leadingSpace, trailingSpace, WORD } from './characters.ts';
import type { Normalizer } from './normalizers.ts';
import { Trie } from './trie.ts';
import type { TokenModel } from './vocabulary.ts';

/** A token that is found in texts before they are split. */
export interface AddedToken {
  readonly content: string;
  /** Only where no letter or digit is next to it. */
  readonly single_word: boolean;
  /** With the white space before it. */
  readonly lstrip: boolean;
  /** With the white space after it. */
  readonly rstrip: boolean;
  /** In the normalized text. */
  readonly normalized: boolean;
  /** Left out of decoded texts. */
  readonly special: boolean;
}

const flag = z.boolean().default(false);
export const addedTokenSchema = z
  .object({
    content: z.string(),
    single_word: flag,
    lstrip: flag,
    rstrip: flag,
    normalized: z.boolean().optional(),
    special: flag,
  })
  .transform(
    ({ normalized, ...token }): AddedToken => ({
      ...token,
      normalized: normalized ?? !token.special,
    }),
  );

/** A special token with default flags. */
export function specialToken(content: string): AddedToken {
  return {
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
}

/** A part of a text: an added token, or text around them. */
type Part = { readonly id: number } | { readonly text: string; readonly isFirst: boolean };

const STARTS_WITH_WORD = new RegExp(`^[${WORD}]`, 'u');
const ENDS_WITH_WORD = new RegExp(`[${WORD}]$`, 'u');

/** The added tokens of a tokenizer, with the ids that the `tokenizers` library gives them, whatever its file says. */
export class AddedTokens {
  readonly #model: TokenModel;
  readonly #normalize: Normalizer;
  readonly #ids = new Map<string, number>();
  readonly #tokens = new Map<number, AddedToken>();
  readonly #special = new Set<string>();
  /** Tokens searched for before and after the text is normalized; null until they are needed. */
  #tries: { readonly raw: Trie; readonly normalized: Trie } | null = null;

  constructor(model: TokenModel, normalize: Normalizer) {
    this.#model = model;
    this.#normalize = normalize;
  }

  add(tokens: readonly AddedToken[]): void {
    this.#tries = null;
    let nextId = this.#nextId();
    for (const token of tokens) {
      if (token.content === '') continue;
      const id = this.idOf(token.content) ?? nextId++;
      this.#ids.set(token.content, id);
      this.#tokens.set(id, token);
      if (token.special) this.#special.add(token.content);
    }
  }

  get all(): readonly AddedToken[] {
    return [...this.#tokens.values()];
  }

  /** The id of an added token or one of the model. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token) ?? this.#model.idOf(token);
  }

  /** The token of an id; undefined if there is none, and for special tokens. */
  tokenWithoutSpecial(id: number): string | undefined {
    const added = this.#tokens.get(id);
    const token = added ? this.#searched(added) : this.#model.tokenOf(id);
    return token !== undefined && this.#special.has(token) ? undefined : token;
  }

  /**
   * Splits a text into added tokens and the normalized texts around them.
   * @param splitsSpecial whether special tokens in a text are text
   */
  split(text: string, splitsSpecial: boolean): readonly Part[] {
    this.#tries ??= this.#buildTries();
    const { raw, normalized } = this.#tries;
    return this.#splitBy(raw, text, true, splitsSpecial).flatMap((part) => {
      if ('id' in part) return [part];
      const changed = this.#normalize(part.text);
      const isFirst = part.isFirst && this.#keepsStart(part.text, changed);
      return this.#splitBy(normalized, changed, isFirst, splitsSpecial);
    });
  }

  /** Whether anything of a text's first character is left in the normalized text. */
  #keepsStart(text: string, normalized: string): boolean {
    const [first = ''] = text;
    return normalized.startsWith(first) || this.#normalize(text.slice(first.length)) !== normalized;
  }

  #nextId(): number {
    const largest = Math.max(-1, ...this.#ids.values());
    return largest >= this.#model.size ? largest + 1 : this.#model.size;
  }

  /** What is searched for in a text, and what the token is decoded to. */
  #searched({ content, normalized }: AddedToken): string {
    return normalized ? this.#normalize(content) : content;
  }

  #buildTries() {
    const [raw, normalized] = [new Trie(), new Trie()];
    for (const [id, token] of this.#tokens) {
      const content = this.#searched(token);
      if (content !== '') (token.normalized ? normalized : raw).set(content, id);
    }
    return { raw, normalized };
  }

  /** The leftmost matches, of those that begin together the longest. */
  #splitBy(trie: Trie, text: string, isFirst: boolean, splitsSpecial: boolean): readonly Part[] {
    const parts: Part[] = [];
    let done = 0;
    const addText = (end: number) => {
      if (end > done) parts.push({ text: text.slice(done, end), isFirst: isFirst && done === 0 });
    };
    for (let at = 0; at < text.length; ) {
      let [end, id] = [0, 0];
      trie.forEachAt(text, at, (matchEnd, matchId) => {
        [end, id] = [matchEnd, matchId];
      });
      if (end === 0) {
        at++;
        continue;
      }
      const token = this.#tokens.get(id)!;
      const isText =
        (splitsSpecial && this.#special.has(token.content)) ||
        (token.single_word && !isAlone(text, at, end));
      if (!isText) {
        const before = token.lstrip ? trailingSpace(text.slice(done, at)) : 0;
        addText(Math.max(done, at - before));
        parts.push({ id });
        done = end + (token.rstrip ? leadingSpace(text.slice(end)) : 0);
      }
      at = end;
    }
    addText(text.length);
    return parts;
  }
}

function isAlone(text: string, start: number, end: number): boolean {
  // Of a character of two units, the last is no word by itself.
  return (
    !ENDS_WITH_WORD.test(text.slice(Math.max(0, start - 2), start)) &&
    !STARTS_WITH_WORD.test(text.slice(end, end + 2))
  );
}
