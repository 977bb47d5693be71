import * as vscode from 'vscode';
import { ConfigDocument } from '../config/document.ts';
import { experimentOutcome } from '../experiment/outcome.ts';
import { formatCount } from '../runs/format.ts';
import { overallStatus } from '../runs/order.ts';
import { isActive } from '../runs/status.ts';
import { CONFIGS } from './configs/names.ts';
import type { OpenConfigs } from './configs/openConfigs.ts';
import { expectedTime, formatPlan, formatRoughly } from './configs/plan.ts';
import { Disposable } from './disposable.ts';
import { runNodeId } from './explorer/tree.ts';
import type { LocatedRun } from './workspace/workspaceRuns.ts';

/** Above an open config: what a click would start, and how its last launch came out. */
export class ConfigResults extends Disposable implements vscode.CodeLensProvider {
  readonly #configs: OpenConfigs;
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  /** Of experiments that have ended, by what they ended with. */
  readonly #outcomes = new Map<string, Promise<string>>();

  constructor(configs: OpenConfigs) {
    super();
    this.#configs = configs;
    this.register(vscode.languages.registerCodeLensProvider(CONFIGS, this));
    this.register(configs.onDidChange(() => this.#changed.fire()));
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const config = this.#configs.configIn(document);
    if (!config) return [];
    const written = new ConfigDocument(document.getText());
    const key = ['aggregate', 'name'].find((name) => written.isWritten([name]));
    const line = key === undefined ? 0 : written.keyPosition([key]).line - 1;
    const range = new vscode.Range(line, 0, line, 0);
    const last = this.#configs.lastLaunch(document.uri);
    const time = expectedTime(config, last);
    const start = {
      title: vscode.l10n.t(
        '$(play) Run {0}{1}',
        formatPlan(config),
        time === null ? '' : `, ${formatRoughly(time)}`,
      ),
      command: 'grain.run',
      arguments: [document.uri],
    };
    const lenses = [new vscode.CodeLens(range, start)];
    if (last.length > 0) {
      const title = await this.#outcomeOf(last);
      const show = {
        title,
        command: 'grain.openSeedVariance',
        arguments: [runNodeId(last[0]!.folder)],
      };
      lenses.push(new vscode.CodeLens(range, show));
    }
    return lenses;
  }

  async #outcomeOf(runs: readonly LocatedRun[]): Promise<string> {
    const active = runs.filter(({ status }) => isActive(status)).length;
    if (active > 0) {
      return vscode.l10n.t(
        '$(loading~spin) training, {0} of {1} done',
        runs.length - active,
        formatCount(runs.length, 'run'),
      );
    }
    const key = runs.map(({ folder, status, step }) => `${folder} ${status} ${step}`).join();
    const outcome =
      this.#outcomes.get(key) ?? experimentOutcome(runs).then(({ figures }) => figures);
    this.#outcomes.set(key, outcome);
    // A log that could not be read is read again when it is asked for again.
    outcome.catch(() => this.#outcomes.delete(key));
    const figures = await outcome;
    return figures === ''
      ? vscode.l10n.t('last launch: {0}', overallStatus(runs.map(({ status }) => status)))
      : figures;
  }
}
