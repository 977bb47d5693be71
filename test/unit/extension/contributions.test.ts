import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';
import packageJson from '../../../package.json' with { type: 'json' };
import texts from '../../../package.nls.json' with { type: 'json' };

test('every text of package.json is in package.nls.json, to be translated, and no other', () => {
  const keys = [...JSON.stringify(packageJson).matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key!);
  assert.deepEqual(
    keys.filter((key) => !Object.hasOwn(texts, key)),
    [],
  );
  assert.deepEqual(
    Object.keys(texts).filter((key) => !keys.includes(key)),
    [],
  );
  for (const { title, command } of packageJson.contributes.commands) {
    assert.match(title, /^%/, command);
  }
  for (const [name, { markdownDescription }] of Object.entries(
    packageJson.contributes.configuration.properties,
  )) {
    assert.match(markdownDescription, /^%/, name);
  }
  const packed = readFileSync(new URL('../../../.vscodeignore', import.meta.url), 'utf8');
  assert.ok(packed.includes('!package.nls.json'), 'the VSIX has it');
});

test('every command in a menu is one that there is', () => {
  const commands = packageJson.contributes.commands.map(({ command }) => command);
  for (const [menu, entries] of Object.entries(packageJson.contributes.menus)) {
    for (const { command } of entries) assert.ok(commands.includes(command), `${menu}: ${command}`);
  }
});

test('every command has an action, and every action a command', () => {
  const names = packageJson.contributes.commands.map(({ command }) =>
    command.replace('grain.', ''),
  );
  const actions = ['actions', 'commands', 'explorerCommands', 'exportCommands'].flatMap(actionsIn);
  assert.deepEqual(actions.sort(), names.sort());
});

/** The keys of the object that a file of the extension assigns to its actions. */
function actionsIn(name: string): string[] {
  const file = new URL(`../../../src/extension/${name}.ts`, import.meta.url);
  const source = ts.createSourceFile(name, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const keys: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isBinaryExpression(node) &&
      /^this\.#?actions$/.test(node.left.getText(source)) &&
      ts.isObjectLiteralExpression(node.right)
    ) {
      keys.push(...node.right.properties.flatMap((one) => one.name?.getText(source) ?? []));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return keys;
}
