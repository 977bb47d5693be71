import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { ConfigError, explain } from '../../config/diagnostic.ts';
import { parseConfig } from '../../config/parse.ts';
import { Disposable } from '../disposable.ts';
import type { LocatedMessage } from './located.ts';
import { CONFIG_PATTERN, isConfigFile } from './names.ts';

/** Typing is not interrupted by half a word's errors. */
const PAUSE_MS = 250;

/** A problem and, where there is a nearest valid name, the text that would mend it. */
class ConfigProblem extends vscode.Diagnostic {
  readonly suggestion: string | undefined;

  constructor(range: vscode.Range, message: string, suggestion?: string) {
    super(range, message, vscode.DiagnosticSeverity.Error);
    this.source = 'GRAIN';
    this.suggestion = suggestion;
  }
}

/** Mistakes in configs, live in the editor, and those that a run found in any file when it started. */
export class ConfigProblems extends Disposable implements vscode.CodeActionProvider {
  readonly #collection = this.register(vscode.languages.createDiagnosticCollection('grain'));

  constructor() {
    super();
    const subscriptions = [
      vscode.workspace.onDidOpenTextDocument((document) => this.check(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#edited(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#collection.delete(uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#checkSoon(document)),
      vscode.languages.registerCodeActionsProvider(
        { scheme: 'file', pattern: CONFIG_PATTERN },
        this,
        { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
      ),
    ];
    for (const subscription of subscriptions) this.register(subscription);
    for (const document of vscode.workspace.textDocuments) this.check(document);
  }

  /** Marks the mistakes of a config; returns the first. Other documents have none. */
  check(document: vscode.TextDocument): vscode.Diagnostic | undefined {
    if (document.uri.scheme !== 'file' || !isConfigFile(document.uri.path)) return undefined;
    const problems = problemsOf(document);
    this.#collection.set(document.uri, problems);
    return problems[0];
  }

  /** Marks what a run complained about when it started; returns the place of the first complaint. */
  show(messages: readonly LocatedMessage[], resolve: (file: string) => vscode.Uri) {
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const { file, line, column, message } of messages) {
      const uri = resolve(file).toString();
      const at = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
      const problem = new ConfigProblem(new vscode.Range(at, at), message);
      byFile.set(uri, [...(byFile.get(uri) ?? []), problem]);
    }
    for (const [uri, problems] of byFile) this.#collection.set(vscode.Uri.parse(uri), problems);
    const [first] = byFile;
    return first && new vscode.Location(vscode.Uri.parse(first[0]), first[1][0]!.range);
  }

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const known = this.#collection.get(document.uri) ?? [];
    return known.flatMap((problem) => {
      const asked = diagnostics.some((it) => it.range.isEqual(problem.range));
      if (!asked || !(problem instanceof ConfigProblem) || !problem.suggestion) return [];
      const title = `Change to '${problem.suggestion}'`;
      const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(document.uri, problem.range, problem.suggestion);
      action.diagnostics = [problem];
      action.isPreferred = true;
      return [action];
    });
  }

  /** A file that was mended and saved is not bad any more, whatever a run found in it. */
  #edited(document: vscode.TextDocument): void {
    if (isConfigFile(document.uri.path)) this.check(document);
    else this.#collection.delete(document.uri);
  }

  async #checkSoon(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    await sleep(PAUSE_MS);
    if (document.version === version && !document.isClosed) this.check(document);
  }
}

function problemsOf(document: vscode.TextDocument): ConfigProblem[] {
  try {
    parseConfig(document.getText(), document.uri.fsPath);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map((diagnostic) => {
      const { line, column, endLine, endColumn, suggestion } = diagnostic;
      const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
      return new ConfigProblem(range, explain(diagnostic), suggestion);
    });
  }
}
