/** What YAML reads without complaint, or with one that does not help, although it was hardly meant. */
import {
  type Document,
  isCollection,
  isScalar,
  type Pair,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml';

/** A mistake in a YAML text: offsets of its begin and end. */
export interface YamlMistake {
  readonly message: string;
  readonly expected: string;
  readonly start: number;
  readonly end: number;
}

/** No config needs more levels; parsers of YAML recurse. */
const MOST_LEVELS = 64;

/** The first bracket or dash beyond the allowed depth, whose text should not be parsed at all. */
export function tooDeep(text: string): YamlMistake | null {
  const mistake = (start: number) => ({
    ...{ message: `nested more than ${MOST_LEVELS} levels deep`, expected: 'a config' },
    ...{ start, end: start + 1 },
  });
  const dashes = new RegExp(`^(?:[ \\t]*[-?:][ \\t]){${MOST_LEVELS}}`, 'm').exec(text);
  if (dashes) return mistake(dashes.index);
  let depth = 0;
  for (const { index, 0: token } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#.*|[[\]{}]/g)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > MOST_LEVELS) return mistake(index);
  }
  return null;
}

const ODD = '[\\u00a0\\u1680\\u2000-\\u200b\\u202f\\u205f\\u3000\\ufeff]';
const ODD_SPACE = new RegExp(ODD, 'u');

const WIDE_COLON = /：(?=\s|$)/u;

/** Characters that look like YAML's, by what they should be. */
const lookAlikes: readonly {
  readonly pattern: RegExp;
  readonly name: (char: string) => string;
  readonly expected: string;
}[] = [
  {
    pattern: new RegExp(`^${ODD}|${ODD}$|[:,-]${ODD}`, 'u'),
    name: (char) =>
      char === '\u00a0' ? 'a no-break space (U+00A0)' : `an odd space (${codeOf(char)})`,
    expected: 'a plain space, or quotes around a text that has this one',
  },
  {
    pattern: WIDE_COLON,
    name: (char) => `a wide colon (${codeOf(char)})`,
    expected: 'a plain colon',
  },
  {
    pattern: /^[“”„‟‘’‚«»]/u,
    name: (char) => `a typographic quote (${codeOf(char)})`,
    expected: 'straight quotes, or none',
  },
];

function codeOf(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Mistakes in a document that was parsed: merge keys, and characters that look like YAML's in texts without quotes. */
export function oddities(document: Document, text: string): YamlMistake[] {
  const found: YamlMistake[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || !key.range) continue;
        const [start, end] = key.range;
        const message = `the key ${key.value} is written twice`;
        const expected = 'each key once. Remove one of the two';
        if (seen.has(key.value)) found.push({ message, expected, start, end });
        seen.add(key.value);
      }
    },
    Pair(_, { key }: Pair) {
      if (isScalar(key) && key.value === '<<' && key.range) {
        const [start, end] = key.range;
        const message = 'YAML 1.2 has no merge keys (<<)';
        found.push({ message, expected: 'the keys that are meant, written out', start, end });
      } else if (isScalar(key) && key.type === 'PLAIN' && key.range) {
        const [start] = key.range;
        const mark = /^\/[/*]/.exec(text.slice(start, start + 2))?.[0];
        if (!mark) return;
        found.push(commentMistake(mark, start));
      } else if (isCollection(key) && key.range) {
        const [start, end] = key.range;
        const message = 'a list or a set of keys in place of a key';
        found.push({ message, expected: 'a name', start, end });
      }
    },
    Scalar(_, scalar: Scalar) {
      if (scalar.type !== 'PLAIN' || !scalar.range) return;
      const [start, end] = scalar.range;
      const source = text.slice(start, end);
      for (const { pattern, name, expected } of lookAlikes) {
        const match = pattern.exec(source);
        if (!match) continue;
        const offset = match.index + Math.max(0, match[0].search(ODD_SPACE));
        const char = source[offset]!;
        const at = start + offset;
        found.push({ message: name(char), expected, start: at, end: at + 1 });
        return;
      }
    },
  });
  return found;
}

function commentMistake(mark: string, start: number): YamlMistake {
  const message = `${mark} does not begin a comment`;
  return { message, expected: '# in YAML; JSON has none', start, end: start + 2 };
}

/** The first quote that begins a text and has no partner: the parser notices at the end of the file. */
function loneQuote(text: string): RegExpExecArray | undefined {
  const quoted = /(?<=^|[\s,[{])(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^']|'')*'|#[^\n]*|["'])/g;
  return [...text.matchAll(quoted)].find(([token]) => token.length === 1 && token !== '#');
}

/** A syntax error, in words that help: an odd space on its line is its cause. */
export function explained({ code, message, pos }: YAMLError, text: string): YamlMistake {
  const [start, end] = pos;
  if (code === 'MULTIPLE_DOCS') {
    return {
      message: 'a second document begins here',
      expected: 'one config per file. Remove the line with --- and what follows it',
      ...{ start, end: Math.min(end, start + 3) },
    };
  }
  const lone = code === 'MISSING_CHAR' && /^Missing closing ["']/.test(message) && loneQuote(text);
  if (lone) {
    const { 0: quote, index } = lone;
    const expected = `${quote} at the end of the text too`;
    const at = { start: index, end: index + 1 };
    return { message: `the ${quote} that opens here is never closed`, expected, ...at };
  }
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const line = text.slice(lineStart, text.indexOf('\n', start) >>> 0);
  const colon = line.search(WIDE_COLON);
  if (colon >= 0) {
    const at = lineStart + colon;
    const message = `a wide colon (${codeOf(line[colon]!)})`;
    return { message, expected: 'a plain colon', start: at, end: at + 1 };
  }
  const comment = /^\s*(\/[/*])/.exec(line);
  if (comment) return commentMistake(comment[1]!, lineStart + comment[0].length - 2);
  const odd = line.search(ODD_SPACE);
  if (odd < 0) return { message, expected: 'YAML or JSON', start, end };
  const { name, expected } = lookAlikes[0]!;
  const at = lineStart + odd;
  return { message: name(line[odd]!), expected, start: at, end: at + 1 };
}
