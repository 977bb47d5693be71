import * as vscode from 'vscode';
import { ConfigDocument } from '../config/document.ts';
import { finishedFigures, finishedSummary } from '../experiment/finishedFigures.ts';
import { curvesFigure } from '../experiment/report/figures/curves.ts';
import { standalone } from '../experiment/report/figures/svg.ts';
import { bandOf, type Point } from '../experiment/statistics/bands.ts';
import { formatFigures } from '../experiment/wording.ts';
import { formatLastAndBest, formatMethod, formatSeed } from '../runs/format.ts';
import { overallStatus } from '../runs/order.ts';
import { isActive, type RunStatus } from '../runs/status.ts';
import { type Entry, entriesOf } from './configs/entries.ts';
import { type Hint, hintTexts } from './configs/hintText.ts';
import { CONFIGS } from './configs/names.ts';
import type { OpenConfigs } from './configs/openConfigs.ts';
import { Overtaken } from './configs/overtaken.ts';
import { Disposable } from './disposable.ts';
import { RunReaders } from './panels/runReader.ts';
import type { LocatedRun } from './workspace/workspaceRuns.ts';

const signs: Readonly<Record<RunStatus, string>> = {
  queued: '…',
  running: '…',
  finished: '✓',
  stopped: '■',
  failed: '✗',
  interrupted: '✗',
};

/** Pixels of a chart in a hover. */
const WIDTH = 440;

interface Curve {
  readonly run: LocatedRun;
  readonly points: readonly Point[];
}

/** Behind each method and seed of a config, live: the result of its runs in the last launch and how they got there; as a chart in the hover. */
export class ConfigHints
  extends Disposable
  implements vscode.InlayHintsProvider, vscode.HoverProvider
{
  readonly #configs: OpenConfigs;
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChangeInlayHints = this.#changed.event;
  readonly #overtaken = new Overtaken(() => this.#changed.fire());
  readonly #readers = this.register(new RunReaders());
  /** What each hint is about: its chart is drawn only where it is looked at. */
  readonly #about = new WeakMap<vscode.InlayHint, readonly [Entry<LocatedRun>, readonly Curve[]]>();

  constructor(configs: OpenConfigs) {
    super();
    this.#configs = configs;
    this.register(vscode.languages.registerInlayHintsProvider(CONFIGS, this));
    this.register(vscode.languages.registerHoverProvider(CONFIGS, this));
    this.register(configs.onDidChange(() => this.#overtaken.changed()));
  }

  provideInlayHints(document: vscode.TextDocument): Promise<vscode.InlayHint[]> {
    return this.#overtaken.answer(() => this.#hintsIn(document));
  }

  resolveInlayHint(hint: vscode.InlayHint): vscode.InlayHint {
    const about = this.#about.get(hint);
    if (about) hint.tooltip = tooltipOf(...about);
    return hint;
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const found = this.#entriesIn(document).find(({ range }) => range.contains(position));
    if (!found) return undefined;
    const curves = await this.#curvesOf(found.entry.runs);
    return new vscode.Hover(tooltipOf(found.entry, curves), found.range);
  }

  async #hintsIn(document: vscode.TextDocument): Promise<vscode.InlayHint[]> {
    const entries = await Promise.all(
      this.#entriesIn(document).map(async ({ entry, range }) => {
        return { entry, range, curves: await this.#curvesOf(entry.runs) };
      }),
    );
    const editor = vscode.workspace.getConfiguration('editor', document);
    const texts = hintTexts(
      entries.map(({ entry, range, curves }) => hintOf(range.end.line, entry, curves)),
      editor.get('inlayHints.maximumLength', 43),
    );
    return entries.map(({ entry, range, curves }, i) => {
      const hint = new vscode.InlayHint(range.end, texts[i]!);
      hint.paddingLeft = true;
      this.#about.set(hint, [entry, curves]);
      return hint;
    });
  }

  /** Entries that have runs, and where they are written. */
  #entriesIn(
    document: vscode.TextDocument,
  ): { readonly entry: Entry<LocatedRun>; readonly range: vscode.Range }[] {
    const config = this.#configs.configIn(document);
    const last = config ? this.#configs.lastLaunch(document.uri) : [];
    if (!config || last.length === 0) return [];
    const written = new ConfigDocument(document.getText());
    return entriesOf(config, last).flatMap((entry) => {
      if (!written.isWritten(entry.path)) return [];
      const { line, column, endLine, endColumn } = written.position(entry.path);
      const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
      return [{ entry, range }];
    });
  }

  /** Of the metric that ranks checkpoints. */
  #curvesOf(runs: readonly LocatedRun[]): Promise<Curve[]> {
    return Promise.all(
      runs.map(async (run) => {
        const { validations } = await this.#readers.of(run);
        const points = validations.flatMap(({ step, metrics }) => {
          const value = metrics[run.manifest.metric.name];
          return typeof value === 'number' ? [{ step, value }] : [];
        });
        return { run, points };
      }),
    );
  }
}

/** "0.869 ± 0.015 ▁▄▆█" of a method, in a grid of its best point; of a seed, or before one has finished, what its runs are doing: "… 45 % ▁▄". */
function hintOf(line: number, { kind, runs }: Entry<LocatedRun>, curves: readonly Curve[]): Hint {
  const figures = kind === 'method' ? bestFigures(runs) : '';
  const curve = bandOf(curves.map(({ points }) => points)).map(({ mean }) => mean);
  const state = signs[overallStatus(runs.map(({ status }) => status))];
  return {
    line,
    text: figures || `${state}${progressOf(runs)}`,
    // The mean alone.
    brief: figures === '' ? state : figures.split(' ', 1)[0]!,
    curve,
  };
}

/** "0.869 ± 0.015", "0.869 ± 0.015, best of 4 points": points are never averaged. */
function bestFigures(runs: readonly LocatedRun[]): string {
  const points = [...new Set(runs.map(({ manifest }) => manifest.aggregator))];
  if (points.length < 2) return finishedFigures(runs);
  const sign = runs[0]!.manifest.metric.better === 'higher' ? 1 : -1;
  const known = points.flatMap((point) => {
    const own = runs.filter(({ manifest }) => manifest.aggregator === point);
    const summary = finishedSummary(own);
    return summary ? [summary] : [];
  });
  const best = known.sort((a, b) => sign * (b.mean - a.mean))[0];
  if (!best) return '';
  return vscode.l10n.t('{0}, best of {1} points', formatFigures(best), points.length);
}

/** " 45 %" of all steps, while runs are trained. */
function progressOf(runs: readonly LocatedRun[]): string {
  if (!runs.some(({ status }) => isActive(status))) return '';
  const [done, all] = [
    runs.reduce((sum, { step }) => sum + step, 0),
    runs.reduce((sum, { manifest }) => sum + manifest.steps, 0),
  ];
  return ` ${Math.floor((100 * done) / Math.max(1, all))} %`;
}

/** A chart, and a line for each run: "seed 0: finished, accuracy 0.86 (best 0.88)". */
function tooltipOf({ kind, runs }: Entry<LocatedRun>, curves: readonly Curve[]) {
  const text = new vscode.MarkdownString();
  const { name } = runs[0]!.manifest.metric;
  const image = imageOf(name, curves);
  if (image) text.appendMarkdown(`![${vscode.l10n.t('{0} over steps', name)}](${image})\n\n`);
  for (const run of runs) {
    const { manifest, status } = run;
    const own =
      kind === 'method' && !manifest.point
        ? vscode.l10n.t('seed {0}', formatSeed(manifest.seed))
        : formatMethod(manifest);
    text.appendMarkdown('- ');
    text.appendText(`${own}: ${[status, formatLastAndBest(run)].filter(Boolean).join(', ')}`);
    text.appendMarkdown('\n');
  }
  return text;
}

/** As a data URI; null for fewer than two validations. */
function imageOf(metric: string, curves: readonly Curve[]): string | null {
  const methods = [...new Set(curves.map(({ run }) => run.manifest.aggregator))];
  const figure = curvesFigure(
    {
      curves: curves.map(({ run, points }) => ({ method: run.manifest.aggregator, points })),
      findings: { metric, methods: methods.map((method) => ({ method })) },
    },
    (method) => methods.indexOf(method) % 6,
  );
  if (!figure) return null;
  const { Light, HighContrastLight } = vscode.ColorThemeKind;
  const { kind } = vscode.window.activeColorTheme;
  const theme = kind === Light || kind === HighContrastLight ? 'light' : 'dark';
  const image = Buffer.from(standalone(figure, theme, WIDTH)).toString('base64');
  return `data:image/svg+xml;base64,${image}`;
}
