/** What some readers take for the end of a line: Python's `str.splitlines`, Node's `readline`. JSON allows them inside strings. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

/** A value as a line of a JSON Lines file, with its newline, in whatever way a reader splits lines. Numbers that are not finite become `null`. */
export function jsonLine(value: object): string {
  const text = JSON.stringify(value).replace(
    LINE_ENDS,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}
