import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Path, Position } from './diagnostic.ts';
import { explained, oddities, tooDeep, type YamlMistake } from './yamlMistakes.ts';

/** A mistake in YAML, whatever the keys mean. */
export interface SyntaxProblem {
  readonly message: string;
  readonly expected: string;
  readonly position: Position;
}

/** A YAML text (JSON is a special case) and the position of each of its values. */
export class ConfigDocument {
  readonly #lines = new LineCounter();
  readonly #document;
  readonly #mistakes: readonly YamlMistake[];
  /** Of each map, by key. */
  readonly #pairs = new WeakMap<object, ReadonlyMap<string, Pair<Node, Node | null>>>();

  constructor(text: string) {
    const deep = tooDeep(text);
    // Odd keys are mistakes of the schema: the library need not warn of them on standard error.
    const logLevel = 'error' as const;
    // The library compares each key with all others: `oddities` finds those that are written twice.
    const uniqueKeys = false;
    const options = { lineCounter: this.#lines, prettyErrors: false, logLevel, uniqueKeys };
    this.#document = parseDocument(deep ? text.slice(0, deep.start) : text, options);
    keepKeysAsWritten(this.#document);
    const { errors, warnings } = this.#document;
    this.#mistakes = deep
      ? [deep]
      : [
          ...[...errors, ...warnings].map((error) => explained(error, text)),
          ...oddities(this.#document, text),
        ];
  }

  get problems(): SyntaxProblem[] {
    return this.#mistakes.map(({ message, expected, start, end }) => ({
      message,
      expected,
      position: this.#span(start, end),
    }));
  }

  /** The content as plain values. @throws ReferenceError for aliases that expand without end */
  toJS(): unknown {
    return this.#document.toJS();
  }

  isWritten(path: Path): boolean {
    return this.#find(path).depth === path.length;
  }

  /**
   * Position of a value or, if it is empty or a block of lines, of its key. A value that is not written has the position of its
   * nearest ancestor's key.
   */
  position(path: Path): Position {
    const { depth, key, value } = this.#find(path);
    const node = depth === path.length && isInline(value) ? value : (key ?? value);
    return this.#positionOf(node);
  }

  keyPosition(path: Path): Position {
    const { key, value } = this.#find(path);
    return this.#positionOf(key ?? value);
  }

  /** Follows a path as far as it is written. */
  #find(path: Path): { depth: number; key: Node | undefined; value: Node | undefined } {
    let value = this.#target(this.#document.contents);
    let key: Node | undefined;
    for (const [depth, step] of path.entries()) {
      if (isMap<Node, Node | null>(value)) {
        const pair = this.#pairsOf(value).get(String(step));
        if (!pair) return { depth, key, value };
        key = pair.key;
        value = this.#target(pair.value);
      } else if (isSeq<Node>(value) && typeof step === 'number' && value.items[step]) {
        key = value.items[step];
        value = this.#target(key);
      } else {
        return { depth, key, value };
      }
    }
    return { depth: path.length, key, value };
  }

  #pairsOf(map: YAMLMap<Node, Node | null>): ReadonlyMap<string, Pair<Node, Node | null>> {
    let pairs = this.#pairs.get(map);
    if (!pairs) {
      const named = map.items.filter(({ key }) => isScalar(key));
      pairs = new Map(named.map((pair) => [String((pair.key as Scalar).value), pair]));
      this.#pairs.set(map, pairs);
    }
    return pairs;
  }

  #target(node: Node | null): Node | undefined {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? undefined;
  }

  #positionOf(node: Node | undefined): Position {
    const [start, end] = node?.range ?? [0, 0];
    // Within the quotes, so that a suggestion can replace the text.
    const quotes = isScalar(node) && node.type?.startsWith('QUOTE') && end - start > 2 ? 1 : 0;
    return this.#span(start + quotes, end - quotes);
  }

  #span(start: number, end: number): Position {
    const from = this.#lines.linePos(start);
    const to = this.#lines.linePos(end);
    return { line: from.line, column: from.col, endLine: to.line, endColumn: to.col };
  }
}

/** Keys are names: `1.0:` is a class of that name, not that of the number's shortest form. */
function keepKeysAsWritten(document: Document): void {
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && typeof key.value !== 'string' && key.source !== undefined) {
        key.value = key.source;
      }
    },
  });
}

/** True for a value written in one piece: neither empty nor a block of lines below its key. */
function isInline(node: Node | undefined): boolean {
  if (!node?.range || node.range[1] === node.range[0]) return false;
  return isScalar(node) || (isCollection(node) && node.flow === true);
}
