import type { Position } from '../../../src/config/diagnostic.ts';

/** The part of a text that a position spans. */
export function textAt(text: string, { line, column, endLine, endColumn }: Position): string {
  const lines = text.split('\n');
  const offset = (at: number, col: number) =>
    lines.slice(0, at - 1).reduce((sum, it) => sum + it.length + 1, 0) + col - 1;
  return text.slice(offset(line, column), offset(endLine, endColumn));
}
