/** Where a piece of text is: lines and columns from 1, the end exclusive; columns in UTF-16 units, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** One thing that is wrong in a config, or in a file that it names. */
export interface Diagnostic extends Position {
  readonly file: string;
  readonly message: string;
  /** What would be right. */
  readonly expected?: string;
  /** The nearest valid name; put in place of the text at the position it mends the mistake. */
  readonly suggestion?: string;
  /** Keys that lead to the value in the config; empty for other files. */
  readonly path: readonly (string | number)[];
}

/** What the user wrote cannot be run. Its message is the list that a terminal shows: `file:line:column: what is wrong`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly diagnostics: readonly Diagnostic[];

  /** @param diagnostics at least one, all of one file; kept in the order of their places */
  constructor(diagnostics: readonly Diagnostic[]) {
    const ordered = [...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
    super(ordered.map(located).join('\n'));
    this.diagnostics = ordered;
  }
}

/** What is wrong and, on lines of their own, what would be right and the nearest valid name. */
export function explain({ message, expected, suggestion }: Diagnostic): string {
  return [
    message,
    ...(expected ? [`expected ${expected}`] : []),
    ...(suggestion ? [`did you mean "${suggestion}"?`] : []),
  ].join('\n');
}

function located(diagnostic: Diagnostic): string {
  const { file, line, column } = diagnostic;
  return `${file}:${line}:${column}: ${explain(diagnostic).replaceAll('\n', '\n  ')}`;
}
