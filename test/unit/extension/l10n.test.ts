import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../src/extension/', import.meta.url));

test('what the extension host says can be translated', () => {
  const bare = globSync('**/*.ts', { cwd: root }).flatMap((file) =>
    bareWords(file, readFileSync(`${root}${file}`, 'utf8')),
  );
  assert.deepEqual(bare, [], 'to be wrapped in vscode.l10n.t');
});

test('words that are not wrapped are found, and what is not for people is not', () => {
  const text = `
    import * as vscode from 'vscode';
    show('Delete the run?');
    show(\`Delete \${run}?\`);
    show('Delete');
    show(vscode.l10n.t('Delete {0}?', run));
    throw new Error('cannot happen');
    this.#log.error('Cannot list the runs:', error);
    register('grain.delete', 'delete');
  `;
  const lines = bareWords('some.ts', text).map((found) => found.split(': ')[0]);
  assert.deepEqual(lines, ['some.ts:3', 'some.ts:4', 'some.ts:5']);
  assert.deepEqual(bareWords('pure.ts', "show('Delete the run?');"), []);
});

/** Two words, one beside a value (which stands as 0), or one with a capital letter. */
const WORDS = /[\w,.] [A-Za-z]|[A-Za-z]{2} 0|^[A-Z][a-z]+$/;
/** Names, and what a page of VS Code needs. */
const NOT_WORDS = /^(Parquet|GRAIN [a-z-]+|Complete|(style|font|img)-src .*|\s*<!doctype.*)$/s;

/** The literals of a file that knows `vscode` which look like words for people, as `file:line: text`. */
function bareWords(file: string, text: string): string[] {
  if (!text.includes("import * as vscode from 'vscode'")) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isForMachines(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const words = ts.isTemplateExpression(node)
        ? [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text)
        : [node.text];
      const isForPeople = WORDS.test(words.join('0')) && !NOT_WORDS.test(words.join('0'));
      if (isForPeople) found.push(`${file}:${line + 1}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Imports, what is translated, errors that say which assumption was wrong, and what goes to the log. */
function isForMachines(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return true;
  if (ts.isNewExpression(node)) return node.expression.getText().endsWith('Error');
  return ts.isCallExpression(node) && /\bl10n\.t$|#log\.\w+$/.test(node.expression.getText());
}
