import path from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentOutcome } from '../experiment/outcome.ts';
import { formatFailure } from '../runs/failure.ts';
import { formatCount, formatRun } from '../runs/format.ts';
import { experimentKey } from '../runs/identity.ts';
import { overallStatus } from '../runs/order.ts';
import { isActive } from '../runs/status.ts';
import { Disposable } from './disposable.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

interface Parts {
  readonly runs: WorkspaceRuns;
  readonly outcomeOf: (runs: readonly LocatedRun[]) => Promise<ExperimentOutcome>;
  /** Whether the launcher of this window says itself why a run failed. */
  readonly isToldOf: (run: LocatedRun) => boolean;
  readonly compare: (experiment: string) => unknown;
  readonly showOutput: (run: LocatedRun) => unknown;
  readonly resume: (run: LocatedRun) => unknown;
}

const COMPARE = vscode.l10n.t('Compare seeds');
const SHOW_OUTPUT = vscode.l10n.t('Show output');
const RESUME = vscode.l10n.t('Resume');

/** A command that tunes or adds seeds has no active run for a moment between two of its launches. */
const PAUSE_MS = 3000;

/** Says how an experiment ended that was trained while this window was open, wherever it was started. */
export class EndNotifications extends Disposable {
  readonly #parts: Parts;
  readonly #pauses = new Set<NodeJS.Timeout>();
  /** Of each run, by its folder, what was last seen. */
  #known: ReadonlyMap<string, Pick<LocatedRun, 'status' | 'step'>> = new Map();

  constructor(parts: Parts) {
    super();
    this.#parts = parts;
    this.register(parts.runs.onDidChange(() => this.#notify()));
    this.register({ dispose: () => this.#pauses.forEach(clearTimeout) });
  }

  #notify(): void {
    const { all, active: running } = this.#parts.runs;
    const active = new Set(running.map(experimentKey));
    const moved = all.filter((run) => this.#hasMoved(run)).map(experimentKey);
    const ended = [...new Set(moved)].filter((key) => !active.has(key));
    this.#known = new Map(all.map((run) => [run.folder, run]));
    if (ended.length === 0) return;
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      for (const key of ended) this.#tellUnlessContinued(key, active);
    }, PAUSE_MS);
    this.#pauses.add(timer);
  }

  /** A run that is trained on for a few steps may have ended before it was ever seen active. */
  #hasMoved({ folder, step }: LocatedRun): boolean {
    const before = this.#known.get(folder);
    return before !== undefined && (isActive(before.status) || step > before.step);
  }

  /** @param others keys of the experiments that were being trained when this one ended */
  #tellUnlessContinued(key: string, others: ReadonlySet<string>): void {
    const { runs } = this.#parts;
    const own = runs.all.filter((run) => experimentKey(run) === key);
    const [first] = own;
    const begun = runs.active.filter((run) => !others.has(experimentKey(run)));
    if (!first || begun.some((run) => isOfSameConfig(run, first))) return;
    void this.#tell(key, own);
  }

  async #tell(key: string, runs: readonly LocatedRun[]): Promise<void> {
    const { outcomeOf, isToldOf, compare, showOutput, resume } = this.#parts;
    const status = overallStatus(runs.map((run) => run.status));
    const first = runs.find((run) => run.status === status)!;
    const { experiment } = first.manifest;
    switch (status) {
      case 'finished': {
        const { figures, verdict } = await outcomeOf(runs);
        const counted = formatCount(runs.length, 'run');
        const ended = vscode.l10n.t('{0}: {1} finished.', experiment.name, counted);
        // A program need not log a result.
        const text = [ended, figures && `${figures}.`, verdict].filter(Boolean).join(' ');
        const answer = await vscode.window.showInformationMessage(text, COMPARE);
        if (answer) compare(key);
        return;
      }
      case 'failed': {
        if (isToldOf(first)) return;
        const text = first.failure
          ? vscode.l10n.t(
              '{0} failed: {1}',
              formatRun(first.manifest),
              formatFailure(first.failure),
            )
          : vscode.l10n.t('{0} failed', formatRun(first.manifest));
        if (await vscode.window.showErrorMessage(text, SHOW_OUTPUT)) showOutput(first);
        return;
      }
      case 'interrupted': {
        const text = vscode.l10n.t(
          '{0} was interrupted at step {1}: its process no longer exists. It can be resumed from its last checkpoint.',
          formatRun(first.manifest),
          first.step,
        );
        if (await vscode.window.showWarningMessage(text, RESUME)) resume(first);
        return;
      }
      // Who stopped it knows, and an alarm that did has its own notification.
      default:
        return;
    }
  }
}

function isOfSameConfig(run: LocatedRun, other: LocatedRun): boolean {
  const { configPath } = other.manifest;
  const folderOf = ({ folder }: LocatedRun) => path.dirname(folder);
  return run.manifest.configPath === configPath && folderOf(run) === folderOf(other);
}
