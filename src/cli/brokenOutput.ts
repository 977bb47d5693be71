import { hasCode, messageOf } from '../config/errors.ts';
import { FAILED, OK } from './exit.ts';

/**
 * Lets the process live on when nobody reads what it prints any more: a run outlives the terminal or the pipe that it reports to.
 * If standard output could not be written for another reason, as on a full disk, the exit status is not 0.
 */
export function surviveBrokenOutput(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error) => {
    // The reader has what it wanted, as `head` does.
    if (hasCode(error, 'EPIPE') || hasCode(error, 'ERR_STREAM_DESTROYED')) return;
    console.error(`error: standard output cannot be written: ${messageOf(error)}`);
    process.once('exit', () => {
      if ((process.exitCode ?? OK) === OK) process.exitCode = FAILED;
    });
  });
}
