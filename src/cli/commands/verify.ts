import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { summaryMarkdown, verifiedMarkdown, verifiedText } from '../../experiment/claims/text.ts';
import { VerifyStopped } from '../../experiment/claims/trainings.ts';
import { claimNames, type Verified, verifyClaims } from '../../experiment/claims/verify.ts';
import { BAD_INPUT, errorResult, OK, reportError, STOPPED } from '../exit.ts';
import { onInterruption } from '../interruption.ts';
import { printJson } from '../output.ts';

interface VerifyOptions {
  readonly claim?: readonly string[];
  readonly seeds?: number;
  readonly data?: string;
  readonly out: string;
  readonly json?: boolean;
}

const summary = 'measure the claims of the GRAIN paper again, on this machine';

const description = [
  summary,
  'Trains small networks on handwritten digits that GRAIN carries, and prints for each claim what was measured, with 95 % intervals, and a verdict. Runs are kept in the folder of --out: the same command after a stop, or with more seeds, trains only what is missing. Beside them it writes claims.md, claims.json and pictures.',
  `Claims: ${claimNames.join(', ')}. What they say, and what came out elsewhere: docs/claims.md.`,
  'Ctrl-C (or SIGTERM) stops after the current step.',
  'Exit status: 0 measured, whatever came out, 1 something failed, 2 mistakes in the command line, 130 stopped.',
].join('\n\n');

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .summary(summary)
    .description(description)
    .option('--claim <names...>', 'only these claims')
    .option('--seeds <number>', 'paired seeds of every claim (default: 5 to 30)', seedCount)
    .option(
      '--data <folder>',
      'folder with features of STS-B and RTE and with problems of GSM8K, which no package may carry; docs/claims.md says how to make them',
    )
    .option('--out <folder>', 'folder of the runs and of what is written', 'grain-claims')
    .option('--json', 'print one JSON object on standard output')
    .action(async (options: VerifyOptions, command: Command) => {
      const unknown = options.claim?.find((name) => !claimNames.includes(name));
      if (unknown !== undefined) {
        const message = `error: unknown claim "${unknown}". Expected ${claimNames.join(', ')}`;
        return command.error(message, { exitCode: BAD_INPUT });
      }
      const { data } = options;
      if (data !== undefined && !statSync(data, { throwIfNoEntry: false })?.isDirectory()) {
        const message = `error: --data ${data} is not a folder. docs/claims.md says what belongs in it.`;
        return command.error(message, { exitCode: BAD_INPUT });
      }
      process.exitCode = await verify(options);
    });
}

/** Statistics of a spread take three. */
function seedCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 3 && count <= 100) return count;
  throw new InvalidArgumentError('Expected a whole number from 3 to 100.');
}

/** @returns the exit status */
async function verify({ claim, seeds, data, out, json }: VerifyOptions): Promise<number> {
  const isInterrupted = onInterruption(() => console.error('stopping'));
  try {
    const verified = await verifyClaims(
      { out, ...(claim && { names: claim }), ...(seeds && { seeds }), ...(data && { data }) },
      { isInterrupted, note: (text) => console.error(text) },
      (found) => {
        if (!json) console.log(`${verifiedText(found)}\n`);
      },
    );
    write(out, verified);
    if (json) printJson({ claims: verified });
    return OK;
  } catch (error) {
    if (json) printJson(errorResult(error));
    const status = reportError(error);
    return error instanceof VerifyStopped ? STOPPED : status;
  }
}

function write(out: string, verified: readonly Verified[]): void {
  mkdirSync(out, { recursive: true });
  const sections = verified.map((of) => `## ${of.claim}\n\n${verifiedMarkdown(of)}`);
  const page = ['# The claims, measured again', summaryMarkdown(verified), ...sections];
  writeFileSync(path.join(out, 'claims.md'), `${page.join('\n\n')}\n`);
  writeFileSync(
    path.join(out, 'claims.json'),
    `${JSON.stringify({ claims: verified }, null, 2)}\n`,
  );
  for (const { pictures } of verified) {
    for (const [name, picture] of Object.entries(pictures)) {
      writeFileSync(path.join(out, name), picture);
    }
  }
}
