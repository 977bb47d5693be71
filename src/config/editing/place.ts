/** Which key or value of a YAML config an offset of its text is in, also while it is being typed. */
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { Path } from '../diagnostic.ts';
import { tooDeep } from '../yamlMistakes.ts';

export interface Place {
  /** Leads to the key's value, or to the value itself. */
  readonly path: Path;
  readonly isKey: boolean;
  /** Offsets of the key or the value. */
  readonly start: number;
  readonly end: number;
}

/** The key or the scalar at an offset; null between them. */
export function placeAt(text: string, offset: number): Place | null {
  return placeWhere(parsed(text), (range) => range[0] <= offset && offset <= range[1]);
}

/** What is being typed at an offset. */
export interface Typed {
  readonly place: Place;
  /** The document with {@link TYPED} in place of the word at the offset. */
  readonly content: unknown;
  /** Where the word begins. */
  readonly start: number;
}

/** Stands for the word that is being typed. */
export const TYPED = '__typed__';

/** The ways in which the word at an offset may be meant: as a value, as a key, or in a list as both; none in a comment. */
export function typedAt(text: string, offset: number): Typed[] {
  const start = offset - /[\w.:/-]*$/.exec(text.slice(0, offset))![0].replace(/^.*:/, '').length;
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  if (/(?:^|\s)#/.test(before)) return [];
  const rest = text.slice(offset).replace(/^[\w.-]*/, '');
  // A word alone on its line can only become a key; behind a bracket or a comma, YAML itself knows which.
  const isAlone = /^\s*(?:- +)?$/.test(before) && !/^[^\S\n]*:/.test(rest);
  const isItem = before.includes('- ');
  const read = (word: string): Typed[] => {
    const document = parsed(text.slice(0, start) + word + rest);
    const place = placeWhere(document, (_, node) => isScalar(node) && node.value === TYPED);
    return place ? [{ place, content: document.toJS(), start }] : [];
  };
  const asItem = isAlone && !isItem ? [] : read(TYPED);
  if (isAlone) return [...asItem, ...read(`${TYPED}:`)];
  // Before what is written already between the braces, the comma is typed last.
  return asItem.length > 0 ? asItem : read(`${TYPED},`);
}

function parsed(text: string): Document {
  const deep = tooDeep(text);
  return parseDocument(deep ? text.slice(0, deep.start) : text, { logLevel: 'silent' });
}

function placeWhere(
  document: Document,
  fits: (range: readonly [number, number], node: Node) => boolean,
): Place | null {
  let found: Place | null = null;
  visit(document, {
    Scalar(key, scalar: Scalar, ancestors) {
      const { range } = scalar;
      if (!range || !fits([range[0], range[1]], scalar)) return undefined;
      const isKey = key === 'key';
      const path = pathOf([...ancestors, scalar], isKey);
      found = { path, isKey, start: range[0], end: range[1] };
      return visit.BREAK;
    },
  });
  return found;
}

/** Keys and indices on the way from the root to the last node. */
function pathOf(nodes: readonly (Document | Node | Pair)[], isKey: boolean): Path {
  return nodes.flatMap((node, i): (string | number)[] => {
    const next = nodes[i + 1];
    if (isPair(node)) {
      const key = node.key;
      const name = isScalar(key) ? String(key.value) : '';
      // The last pair of a key counts as well.
      return next && (isNode(next) || isKey) ? [name] : [];
    }
    if (isSeq(node) && next) return [node.items.indexOf(next)];
    if (isMap(node)) return [];
    return [];
  });
}
