import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { BAD_INPUT } from './exit.ts';

export function forceOption(): Option {
  return new Option('--force', 'replace the file if there is one');
}

/** Ends the command if the file is there, unless the user says otherwise: a slip of the pen would cost it. */
export function refuseToReplace(file: string, force: boolean | undefined, command: Command): void {
  if (force || !existsSync(file)) return;
  const message = `error: ${file} exists. Expected another --out, or --force to replace it`;
  command.error(message, { exitCode: BAD_INPUT });
}
