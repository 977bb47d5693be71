import * as vscode from 'vscode';
import { type Completion, completionsAt } from '../../config/editing/completions.ts';
import { helpAt } from '../../config/editing/help.ts';
import { placeAt } from '../../config/editing/place.ts';
import { Disposable } from '../disposable.ts';
import { YAML_CONFIGS } from './names.ts';

/** Completes and explains the keys and values of YAML configs. For JSON, VS Code does so by the schema of package.json. */
export class ConfigHelp
  extends Disposable
  implements vscode.CompletionItemProvider, vscode.HoverProvider
{
  constructor() {
    super();
    const { languages } = vscode;
    this.register(
      languages.registerCompletionItemProvider(YAML_CONFIGS, this, ' ', '{', '[', ',', '\n'),
    );
    this.register(languages.registerHoverProvider(YAML_CONFIGS, this));
  }

  provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): vscode.CompletionItem[] {
    const { items, start } = completionsAt(document.getText(), document.offsetAt(position));
    const range = new vscode.Range(document.positionAt(start), position);
    return items.map((item, i) => completionItem(item, range, i));
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const text = document.getText();
    const place = placeAt(text, document.offsetAt(position));
    const help = place && helpAt(text, place);
    if (!help) return undefined;
    const range = new vscode.Range(
      document.positionAt(place.start),
      document.positionAt(place.end),
    );
    return new vscode.Hover(new vscode.MarkdownString(help), range);
  }
}

function completionItem(
  { label, isKey, detail, documentation, insert }: Completion,
  range: vscode.Range,
  place: number,
): vscode.CompletionItem {
  const { Property, Value } = vscode.CompletionItemKind;
  const item = new vscode.CompletionItem(label, isKey ? Property : Value);
  item.detail = detail;
  item.documentation = new vscode.MarkdownString(documentation);
  item.insertText = insert;
  item.range = range;
  // As the schema orders them: what is needed most often first.
  item.sortText = String(place).padStart(3, '0');
  if (isKey) item.command = { title: 'Complete', command: 'editor.action.triggerSuggest' };
  return item;
}
