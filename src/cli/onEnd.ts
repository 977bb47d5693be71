/** A command of the user's that runs after the last run of a launch. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Report } from '../experiment/launchResult.ts';
import { figuresLine } from '../experiment/outcome.ts';
import { overallStatus } from '../runs/order.ts';

/**
 * Runs a command in a shell. What it prints goes to standard error: standard output belongs to the report.
 * @param note called with a sentence if it fails, which changes nothing about the runs
 */
export function runOnEnd(command: string, report: Report, note: (text: string) => void): void {
  const { status, error } = spawnSync(command, {
    shell: true,
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
  note(`--on-end: ${error?.message ?? `the command ended with status ${status}`}`);
}
