import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { ConfigError, type Diagnostic, explain } from '../../config/diagnostic.ts';
import { parseConfig } from '../../config/parse.ts';
import { Disposable } from '../disposable.ts';
import { isConfigFile } from './names.ts';

/** A pause in typing after which a config is checked. */
const PAUSE_MS = 250;

const SEVERITIES: Readonly<Record<Diagnostic['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
};

/** A diagnostic and, if there is a nearest valid name, the text that corrects it. */
class Problem extends vscode.Diagnostic {
  readonly suggestion: string | undefined;

  constructor(diagnostic: Diagnostic) {
    super(rangeOf(diagnostic), explain(diagnostic), SEVERITIES[diagnostic.severity]);
    this.source = 'GRAIN';
    this.suggestion = diagnostic.suggestion;
  }
}

/** Mistakes in configs, checked while they are edited, and those in any file that `grain run` reported at launch. */
export class ConfigProblems extends Disposable implements vscode.CodeActionProvider {
  readonly #collection = this.register(vscode.languages.createDiagnosticCollection('grain'));

  constructor() {
    super();
    const subscriptions = [
      vscode.workspace.onDidOpenTextDocument((document) => this.check(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#saved(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#collection.delete(uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#checkSoon(document)),
      vscode.languages.registerCodeActionsProvider({ scheme: 'file' }, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
    ];
    for (const subscription of subscriptions) this.register(subscription);
    for (const document of vscode.workspace.textDocuments) this.check(document);
  }

  /** Marks the mistakes of a config, and what is warned of; returns the first mistake. Other documents have none. */
  check(document: vscode.TextDocument): vscode.Diagnostic | undefined {
    if (document.uri.scheme !== 'file' || !isConfigFile(document.uri.path)) return undefined;
    const problems = problemsOf(document);
    this.#collection.set(document.uri, problems);
    return problems.find(({ severity }) => severity === vscode.DiagnosticSeverity.Error);
  }

  /** Marks mistakes that were found at launch. @param diagnostics with absolute paths */
  show(diagnostics: readonly Diagnostic[]): void {
    for (const file of new Set(diagnostics.map(({ file }) => file))) {
      const ofFile = diagnostics.filter((diagnostic) => diagnostic.file === file);
      this.#collection.set(
        vscode.Uri.file(file),
        ofFile.map((diagnostic) => new Problem(diagnostic)),
      );
    }
  }

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const known = this.#collection.get(document.uri) ?? [];
    return known.flatMap((problem) => {
      const asked = diagnostics.some((it) => it.range.isEqual(problem.range));
      if (!asked || !(problem instanceof Problem) || !problem.suggestion) return [];
      const title = vscode.l10n.t("Change to '{0}'", problem.suggestion);
      const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(document.uri, problem.range, problem.suggestion);
      action.diagnostics = [problem];
      action.isPreferred = true;
      return [action];
    });
  }

  /** A saved file may have been corrected: what a launch found in it is outdated. */
  #saved(document: vscode.TextDocument): void {
    if (isConfigFile(document.uri.path)) this.check(document);
    else this.#collection.delete(document.uri);
  }

  async #checkSoon(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    await sleep(PAUSE_MS);
    if (document.version === version && !document.isClosed) this.check(document);
  }
}

/** VS Code counts lines and columns from 0. */
export function rangeOf({ line, column, endLine, endColumn }: Diagnostic): vscode.Range {
  return new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
}

function problemsOf(document: vscode.TextDocument): Problem[] {
  try {
    const { warnings } = parseConfig(document.getText(), document.uri.fsPath);
    return warnings.map((warning) => new Problem(warning));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map((diagnostic) => new Problem(diagnostic));
  }
}
