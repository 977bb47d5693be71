import { CommanderError } from 'commander';
import { ConfigError } from '../config/diagnostic.ts';
import { messageOf } from '../config/errors.ts';
import { ComparisonError } from '../experiment/comparable.ts';
import { ImportError } from '../experiment/importRuns.ts';
import type { ErrorResult } from '../experiment/launchResult.ts';
import { RunReferenceError } from '../runs/reference.ts';
import { EventFileError } from '../runs/tensorboard/records.ts';

/** Exit statuses of `grain`. */
export const OK = 0;
/** A run or some of the input failed. */
export const FAILED = 1;
/** The command line, a config or the data it names cannot be used. */
export const BAD_INPUT = 2;
/** A run, or what a command was doing, was stopped. */
export const STOPPED = 130;

const badInputs = [RunReferenceError, ComparisonError, ImportError, EventFileError];

/** Prints an error that ended a command, unless commander has already done so. @returns the exit status */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === OK ? OK : BAD_INPUT;
  if (error instanceof ConfigError) {
    console.error(error.message);
    return BAD_INPUT;
  }
  console.error(`error: ${messageOf(error)}`);
  const isBadInput = badInputs.some((kind) => error instanceof kind);
  return isBadInput ? BAD_INPUT : FAILED;
}

/** What `--json` prints of an error that ended a command. */
export function errorResult(error: unknown): ErrorResult {
  const message = messageOf(error);
  const mistakes = error instanceof ConfigError ? { diagnostics: error.diagnostics } : {};
  return { error: { message, ...mistakes } };
}
