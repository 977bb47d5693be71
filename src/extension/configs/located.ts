/** Where `grain` says something is wrong, as it prints it: `file:line:column: message`, 1-based. */
export interface LocatedMessage {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The located messages in what a process printed; lines that follow one and are indented belong to it. */
export function locatedMessages(output: string): LocatedMessage[] {
  const found: LocatedMessage[] = [];
  for (const line of output.split(/\r?\n/)) {
    const match = /^(?:error: )?(?<file>.+?):(?<line>\d+):(?<column>\d+): (?<message>.+)$/.exec(
      line,
    );
    const last = found.at(-1);
    if (match?.groups) {
      found.push({
        file: match.groups.file!,
        line: Number(match.groups.line),
        column: Number(match.groups.column),
        message: match.groups.message!,
      });
    } else if (last && /^\s+\S/.test(line)) {
      found[found.length - 1] = { ...last, message: `${last.message}\n${line.trim()}` };
    }
  }
  return found;
}
