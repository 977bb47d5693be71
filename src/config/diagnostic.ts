import { closest, distance } from 'fastest-levenshtein';

export type Path = readonly (string | number)[];

/** Where a piece of text is: lines and columns from 1, the end exclusive; columns in UTF-16 units, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** For errors about a file as a whole. */
export const FILE_START: Position = { line: 1, column: 1, endLine: 1, endColumn: 1 };

/** Something that is wrong in a config, or in a file that it names; or, as a warning, valid and measured to do harm. */
export interface Diagnostic extends Position {
  readonly file: string;
  /** Only errors keep a config from being run. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What would be valid or, for a warning, better. */
  readonly expected?: string;
  /** The nearest valid name, or the better one; replacing the text at the position by it fixes what is wrong. */
  readonly suggestion?: string;
  /** Keys that lead to the value in the config; empty for other files. */
  readonly path: Path;
}

/** A message lists so many errors, and counts the others. */
const LISTED = 20;

/** The user's input is invalid. The message lists the first errors as a terminal shows them: `file:line:column: message`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly diagnostics: readonly Diagnostic[];

  /** @param diagnostics at least one error, all of one file; sorted by position */
  constructor(diagnostics: readonly Diagnostic[]) {
    const ordered = [...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = ordered.slice(0, LISTED).map(formatDiagnostic);
    const rest = ordered.length - LISTED;
    super([...lines, ...(rest > 0 ? [`… and ${rest} more mistakes`] : [])].join('\n'));
    this.diagnostics = ordered;
  }
}

/** As a terminal shows it: `grain.yaml:3:9: unknown device …`, `grain.yaml:12:13: warning: …`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity } = diagnostic;
  const kind = severity === 'warning' ? 'warning: ' : '';
  return `${file}:${line}:${column}: ${kind}${explain(diagnostic)}`;
}

/** `unknown device "gpu". Did you mean cuda? Expected auto, cuda or cpu.`; a warning ends with what would be better. */
export function explain({ severity, message, expected, suggestion }: Diagnostic): string {
  if (severity === 'warning') {
    return withEscapes(`${message}.${expected ? ` Better: ${expected}.` : ''}`);
  }
  return withEscapes(
    [
      message,
      ...(suggestion ? [`. Did you mean ${suggestion}?`] : []),
      ...(expected ? [`${suggestion ? '' : '.'} Expected ${expected}.`] : []),
    ].join(''),
  );
}

/** With escapes for what a terminal would obey, or nobody would see: controls, line ends, odd spaces, marks without width. */
export function withEscapes(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu,
    (char) => SHORT[char] ?? `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** How to fix an error. */
export interface Help {
  readonly expected: string;
  /** Where a name is unknown: the nearest of the valid ones is suggested. */
  readonly name?: { readonly wrong: string; readonly valid: readonly string[] };
  /** What was meant, where it is known. */
  readonly suggestion?: string | undefined;
}

/** The fields of a diagnostic that say what would be valid. */
export function helpFields(help: Help): Pick<Diagnostic, 'expected' | 'suggestion'> {
  const { expected, name } = help;
  const suggestion = help.suggestion ?? (name && nearest(name.wrong, name.valid));
  return { expected, ...(suggestion && { suggestion }) };
}

/** The valid name that was probably meant, regardless of case; `undefined` if none is similar. */
export function nearest(wrong: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  const lower = new Map(valid.map((name) => [name.toLowerCase(), name]));
  const found = closest(wrong.toLowerCase(), [...lower.keys()]);
  const edits = distance(wrong.toLowerCase(), found);
  const longest = Math.max(wrong.length, found.length);
  // Of short names half must be the same, one be a part of the other, or letters be swapped: mcc is not what auc means.
  const isPart = edits === Math.abs(wrong.length - found.length) && edits < longest;
  const isSwapped = letters(wrong.toLowerCase()) === letters(found);
  const tolerated = Math.max(2, Math.floor(wrong.length / 3));
  const isSimilar = edits <= tolerated && (edits <= longest / 2 || isPart || isSwapped);
  return isSimilar ? lower.get(found) : undefined;
}

function letters(name: string): string {
  return [...name].sort().join('');
}

/** "a, b or c" */
export function alternatives(names: readonly string[]): string {
  if (names.length < 2) return names.join();
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** How many names a message lists. */
const NAMES = 10;

/** "a, b"; of many names only the first, "and 3 more" */
export function firstFew(names: readonly string[]): string {
  const more = names.length - NAMES;
  return more > 0 ? `${names.slice(0, NAMES).join(', ')} and ${more} more` : names.join(', ');
}

/** An error or a warning at a path of a config, before it is known where in the text that is. */
export interface Finding {
  readonly path: Path;
  /** True if the error is in the key itself rather than in its value. */
  readonly isKey?: boolean;
  readonly message: string;
  readonly expected: string;
  readonly suggestion?: string | undefined;
}

/** "data.features[2]"; "the config" for the whole. */
export function formatPath(path: Path): string {
  const words = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return words.replace(/^\./, '') || 'the config';
}
