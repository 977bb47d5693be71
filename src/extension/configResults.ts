import * as vscode from 'vscode';
import { aggregationLabel, resolvedAggregation } from '../config/aggregation.ts';
import { ConfigError } from '../config/diagnostic.ts';
import { ConfigDocument } from '../config/document.ts';
import { parseConfig } from '../config/parse.ts';
import type { Config } from '../config/schema.ts';
import { seedPairs } from '../config/seeds.ts';
import { experimentOutcome, finishedFigures } from '../experiment/outcome.ts';
import { formatCount, formatMetric, formatSeed } from '../runs/format.ts';
import { experimentKey } from '../runs/identity.ts';
import { latestFirst, overallStatus } from '../runs/order.ts';
import { isActive, type RunStatus } from '../runs/status.ts';
import { CONFIGS } from './configs/names.ts';
import { expectedTime, formatPlan, formatRoughly } from './configs/plan.ts';
import { Disposable } from './disposable.ts';
import { runNodeId } from './explorer/tree.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

const signs: Readonly<Record<RunStatus, string>> = {
  queued: '…',
  running: '…',
  finished: '✓',
  stopped: '■',
  failed: '✗',
  interrupted: '✗',
};

/** In an open config: what a click would start, how its last launch came out, and the result of each method and seed. */
export class ConfigResults
  extends Disposable
  implements vscode.CodeLensProvider, vscode.InlayHintsProvider
{
  readonly #runs: WorkspaceRuns;
  readonly #lensesChanged = this.register(new vscode.EventEmitter<void>());
  readonly #hintsChanged = this.register(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#lensesChanged.event;
  readonly onDidChangeInlayHints = this.#hintsChanged.event;
  /** Of experiments that have ended, by what they ended with. */
  readonly #outcomes = new Map<string, Promise<string>>();
  /** Of each document as it was last valid: between two key strokes, lenses should not come and go. */
  readonly #configs = new Map<string, Config>();
  /** What was shown last: while a run only takes steps, nothing changes. */
  #shown = '';

  constructor(runs: WorkspaceRuns) {
    super();
    this.#runs = runs;
    this.register(vscode.languages.registerCodeLensProvider(CONFIGS, this));
    this.register(vscode.languages.registerInlayHintsProvider(CONFIGS, this));
    this.register(runs.onDidChange(() => this.#refresh()));
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const config = this.#configIn(document);
    if (!config) return [];
    const written = new ConfigDocument(document.getText());
    const key = ['aggregate', 'name'].find((name) => written.isWritten([name]));
    const line = key === undefined ? 0 : written.keyPosition([key]).line - 1;
    const range = new vscode.Range(line, 0, line, 0);
    const last = this.#lastLaunch(document.uri);
    const time = expectedTime(config, last);
    const start = {
      title: `$(play) Run ${formatPlan(config)}${time === null ? '' : `, ${formatRoughly(time)}`}`,
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

  provideInlayHints(document: vscode.TextDocument): vscode.InlayHint[] {
    const config = this.#configIn(document);
    const last = config ? this.#lastLaunch(document.uri) : [];
    if (!config || last.length === 0) return [];
    const written = new ConfigDocument(document.getText());
    const hint = (path: readonly (string | number)[], label: string, tooltip: string) => {
      if (label === '' || !written.isWritten(path)) return [];
      const { endLine, endColumn } = written.position(path);
      const at = new vscode.Position(endLine - 1, endColumn - 1);
      const made = new vscode.InlayHint(at, label);
      made.paddingLeft = true;
      made.tooltip = tooltip;
      return [made];
    };
    const methods = config.aggregate.map((entry) =>
      aggregationLabel(
        resolvedAggregation(entry, config.zeroGroups, config.techniques),
        config.zeroGroups,
        config.techniques,
      ),
    );
    const ofMethods = methods.flatMap((method, i) => {
      const own = last.filter(({ manifest }) => manifest.aggregator === method);
      return hint(
        ['aggregate', i],
        resultOf(own),
        listed(own, ({ manifest }) => `seed ${formatSeed(manifest.seed)}`),
      );
    });
    if (!Array.isArray(config.seeds)) return ofMethods;
    const ofSeeds = seedPairs(config.seeds).flatMap(({ init, order }, i) => {
      const own = last.filter(
        ({ manifest: { seed } }) => seed.init === init && seed.order === order,
      );
      const sign = own.length === 0 ? '' : signs[overallStatus(own.map(({ status }) => status))];
      return hint(
        ['seeds', i],
        sign,
        listed(own, ({ manifest }) => manifest.aggregator),
      );
    });
    return [...ofMethods, ...ofSeeds];
  }

  #configIn(document: vscode.TextDocument): Config | undefined {
    const key = document.uri.toString();
    try {
      this.#configs.set(key, parseConfig(document.getText(), document.uri.fsPath).config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
    return this.#configs.get(key);
  }

  #refresh(): void {
    const shown = JSON.stringify(
      this.#runs.all.map(({ folder, status, lastMetric }) => [folder, status, lastMetric]),
    );
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#lensesChanged.fire();
    this.#hintsChanged.fire();
  }

  /** The runs of the latest launch of a config; empty if there was none. */
  #lastLaunch({ fsPath }: vscode.Uri): readonly LocatedRun[] {
    const launched = this.#runs.all.filter(
      ({ manifest, workspaceFolder: { uri } }) =>
        vscode.Uri.joinPath(uri, manifest.configPath).fsPath === fsPath,
    );
    const [latest] = [...launched].sort(latestFirst);
    if (!latest) return [];
    return launched.filter((run) => experimentKey(run) === experimentKey(latest));
  }

  async #outcomeOf(runs: readonly LocatedRun[]): Promise<string> {
    const active = runs.filter(({ status }) => isActive(status)).length;
    if (active > 0) {
      return `$(loading~spin) training, ${runs.length - active} of ${formatCount(runs.length, 'run')} done`;
    }
    const key = runs.map(({ folder, status, step }) => `${folder} ${status} ${step}`).join();
    const outcome =
      this.#outcomes.get(key) ?? experimentOutcome(runs).then(({ figures }) => figures);
    this.#outcomes.set(key, outcome);
    const figures = await outcome;
    return figures === ''
      ? `last launch: ${overallStatus(runs.map(({ status }) => status))}`
      : figures;
  }
}

/** "0.869 ± 0.015", or what the runs of a method are doing before one of them has finished. */
function resultOf(runs: readonly LocatedRun[]): string {
  if (runs.length === 0) return '';
  return finishedFigures(runs) || signs[overallStatus(runs.map(({ status }) => status))];
}

/** A line for each run: "seed 0: finished, accuracy 0.86". */
function listed(runs: readonly LocatedRun[], nameOf: (run: LocatedRun) => string): string {
  return runs
    .map((run) => `${nameOf(run)}: ${[run.status, formatMetric(run)].filter(Boolean).join(', ')}`)
    .join('\n');
}
