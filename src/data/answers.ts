/** A comma between thousands, as in 12,500. */
const THOUSANDS = /(?<=\d),(?=\d{3}(?!\d))/g;

/**
 * What counts of an answer: what is on the line after the first mark, without the space around it and the commas between
 * thousands. Without a mark, the whole text.
 * @returns null where the mark is missing
 */
export function finalAnswer(text: string, mark: string | undefined): string | null {
  const start = mark === undefined ? 0 : text.indexOf(mark);
  if (start < 0) return null;
  const answer = mark === undefined ? text : text.slice(start + mark.length).split('\n', 1)[0]!;
  return answer.trim().replaceAll(THOUSANDS, '');
}
