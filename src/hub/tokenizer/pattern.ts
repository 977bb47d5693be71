import { SplitPreTokenizer } from '@huggingface/tokenizers';
import * as z from 'zod';

/** A text or a regular expression that is searched for. */
export const patternSchema = z.union([
  z.strictObject({ String: z.string().min(1) }),
  z.strictObject({ Regex: z.string() }),
]);

/** What `@huggingface/tokenizers` translates to something else than Oniguruma does. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/\(\?>/, 'atomic groups'],
  [/(?<!\\)[*+?]\+/, 'possessive quantifiers'],
  [/\\G/, String.raw`\G`],
];

/**
 * Translates a pattern of a tokenizer.json, in Oniguruma's syntax, to a regular expression of JavaScript.
 * @throws Error for a regular expression that cannot be translated
 */
export function regExpOf(pattern: z.infer<typeof patternSchema>, at: string): RegExp {
  if ('String' in pattern) return literal(pattern.String);
  const source = pattern.Regex;
  for (const [found, name] of UNSUPPORTED) {
    if (found.test(source))
      throw new Error(
        `${at}: the regular expression ${source} uses ${name}, which are not supported`,
      );
  }
  try {
    const { pattern: translated } = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: source },
      behavior: 'Isolated',
      invert: false,
    }) as unknown as { readonly pattern: RegExp };
    return translated;
  } catch (cause) {
    throw new Error(`${at}: the regular expression ${source} is not supported`, { cause });
  }
}

/** Finds a text as it is. */
export function literal(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
}

/** How a text is split at matches, by the names of the `tokenizers` library. */
export const behaviorSchema = z.enum([
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
]);
export type Behavior = z.infer<typeof behaviorSchema>;

/** A part of a text. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly isMatch: boolean;
}

/**
 * Splits a text at the matches of a pattern, or with `invert` at what is between them.
 * @returns [start, end] of each part that is not empty, in order
 */
export function splitAt(
  text: string,
  pattern: RegExp,
  behavior: Behavior,
  invert = false,
): readonly (readonly [start: number, end: number])[] {
  const spans = spansOf(text, pattern, invert);
  return joined(spans, behavior).filter(([start, end]) => start < end);
}

function spansOf(text: string, pattern: RegExp, invert: boolean): readonly Span[] {
  const spans: Span[] = [];
  let last = 0;
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (index > last) spans.push({ start: last, end: index, isMatch: invert });
    last = index + match.length;
    spans.push({ start: index, end: last, isMatch: !invert });
  }
  if (last < text.length) spans.push({ start: last, end: text.length, isMatch: invert });
  return spans;
}

function joined(spans: readonly Span[], behavior: Behavior): [number, number][] {
  switch (behavior) {
    case 'Isolated':
      return spans.map(({ start, end }) => [start, end]);
    case 'Removed':
      return spans.filter(({ isMatch }) => !isMatch).map(({ start, end }) => [start, end]);
    case 'Contiguous':
      return merged(spans, (span, previous) => span.isMatch === previous);
    case 'MergedWithPrevious':
      return merged(spans, (span, previous) => span.isMatch && !previous);
    case 'MergedWithNext': {
      // The same from the end of the text.
      const parts: [number, number][] = [];
      let previous = false;
      for (const { start, end, isMatch } of spans.toReversed()) {
        const last = parts.at(-1);
        if (isMatch && !previous && last) last[0] = start;
        else parts.push([start, end]);
        previous = isMatch;
      }
      return parts.reverse();
    }
  }
}

/** @param joins whether a span belongs to the part before it, given whether the span before it is a match */
function merged(
  spans: readonly Span[],
  joins: (span: Span, previous: boolean) => boolean,
): [number, number][] {
  const parts: [number, number][] = [];
  let previous = false;
  for (const span of spans) {
    const last = parts.at(-1);
    if (last && joins(span, previous)) last[1] = span.end;
    else parts.push([span.start, span.end]);
    previous = span.isMatch;
  }
  return parts;
}
