import * as vscode from 'vscode';
import { type AlarmCode, alarmCodes } from '../config/alarms.ts';
import { type RunAlarm, standingAlarms } from '../runs/alarms.ts';
import { formatRun } from '../runs/format.ts';
import { experimentKey } from '../runs/identity.ts';
import { Disposable } from './disposable.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

/** The panel that shows what a rule is about. */
export type AlarmPanel = 'weights' | 'conflict' | 'metrics';

interface Parts {
  readonly runs: WorkspaceRuns;
  readonly show: (folder: string, panel: AlarmPanel) => unknown;
}

const SHOW = vscode.l10n.t('Show');
const MUTE = vscode.l10n.t('Mute this alarm');
const MUTED = 'mutedAlarms';

const panels: Partial<Record<AlarmCode, AlarmPanel>> = {
  'stalled-direction': 'conflict',
  'guard-stalled': 'conflict',
  'guarantee-violated': 'conflict',
  'update-conflict': 'conflict',
  'few-examples': 'weights',
  'dominant-group': 'weights',
  'starved-group': 'weights',
};

/**
 * Says of an alarm that is raised while the window is open, once for the runs of an experiment with the same aggregation: what
 * ruins one seed mostly ruins all.
 */
export class AlarmNotifications extends Disposable {
  readonly #parts: Parts;
  /** Alarms that were there before, or were shown. */
  readonly #known = new Set<string>();
  #isFirst = true;

  constructor(parts: Parts) {
    super();
    this.#parts = parts;
    this.register(parts.runs.onDidChange(() => this.#notify()));
  }

  #notify(): void {
    for (const run of this.#parts.runs.all) {
      for (const alarm of standingAlarms(run.alarms)) {
        const key = keyOf(run, alarm);
        if (this.#known.has(key)) continue;
        this.#known.add(key);
        if (!this.#isFirst && !mutedAlarms().includes(alarm.rule)) void this.#show(run, alarm);
      }
    }
    this.#isFirst = false;
  }

  async #show(run: LocatedRun, { rule, step, message }: RunAlarm): Promise<void> {
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('{0}, step {1}: {2}', formatRun(run.manifest), step, message),
      SHOW,
      MUTE,
    );
    const code = alarmCodes.find((known) => known === rule);
    if (answer === SHOW) this.#parts.show(run.folder, (code && panels[code]) ?? 'metrics');
    if (answer === MUTE) await mute(rule);
  }
}

function keyOf(run: LocatedRun, { rule }: RunAlarm): string {
  return `${experimentKey(run)} ${run.manifest.aggregator} ${rule}`;
}

function mutedAlarms(): readonly string[] {
  return vscode.workspace.getConfiguration('grain').get<string[]>(MUTED, []);
}

/** In the workspace's settings, where it can be undone. */
async function mute(rule: string): Promise<void> {
  const rules = [...new Set([...mutedAlarms(), rule])];
  const target = vscode.ConfigurationTarget.Workspace;
  await vscode.workspace.getConfiguration('grain').update(MUTED, rules, target);
}
