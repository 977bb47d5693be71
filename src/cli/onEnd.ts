/** A command of the user's that runs after the last run of a launch. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { hasCode } from '../config/errors.ts';
import type { Report } from '../experiment/launchResult.ts';
import { figuresLine } from '../experiment/outcome.ts';
import { overallStatus } from '../runs/order.ts';

/** A command that hangs must not keep `grain run` from ending. */
const LIMIT_MIN = 10;

/**
 * Runs a command in a shell, for ten minutes at most. What it prints goes to standard error: standard output belongs to the report.
 * @param note called with a sentence if it fails, which changes nothing about the runs
 */
export function runOnEnd(command: string, report: Report, note: (text: string) => void): void {
  const { status, error } = spawnSync(command, {
    shell: true,
    timeout: 60_000 * LIMIT_MIN,
    stdio: ['ignore', process.stderr, process.stderr],
    env: {
      ...process.env,
      GRAIN_EXPERIMENT: report.experiment.name,
      GRAIN_STATUS: overallStatus(report.runs.map((run) => run.status)),
      GRAIN_FIGURES: figuresLine(report.findings),
      GRAIN_VERDICT: report.verdict.words.join(' '),
      GRAIN_FOLDER: path.dirname(report.runs[0]!.folder),
    },
  });
  if (status === 0) return;
  const late = error && hasCode(error, 'ETIMEDOUT');
  const ended = error?.message ?? `the command ended with status ${status}`;
  note(`--on-end: ${late ? `the command took longer than ${LIMIT_MIN} min and was ended` : ended}`);
}
