/** What stands behind a method or a seed, as far as its line has room. Pure. */
import { sparkline } from './sparkline.ts';

/** What there is to say of an entry: its result or state, the same in fewer letters, and its metric over the steps. */
export interface Hint {
  readonly line: number;
  readonly text: string;
  readonly brief: string;
  readonly curve: readonly number[];
}

/**
 * The hints of a document. VS Code cuts off what all hints of a line have beyond its limit: each gets its share, first its figures,
 * then as much of its curve as there is room for, so that the last method of a line has its result like the first.
 * @param limit letters of all hints of a line: the setting editor.inlayHints.maximumLength; 0 for none
 */
export function hintTexts(hints: readonly Hint[], limit: number): string[] {
  const share = (line: number) =>
    limit === 0
      ? Number.POSITIVE_INFINITY
      : limit / hints.filter((one) => one.line === line).length;
  return hints.map(({ line, text, brief, curve }) => {
    const room = share(line);
    const said = text.length <= room ? text : brief;
    return [said, sparkline(curve, room - said.length - 1)].filter(Boolean).join(' ');
  });
}
