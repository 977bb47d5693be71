import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locatedMessages } from '../../../src/extension/configs/located.ts';
import { isConfigFile } from '../../../src/extension/configs/names.ts';

test('located messages are found among other output', () => {
  const output = [
    '(node:12) ExperimentalWarning: something',
    "grain.yaml:3:1: unknown key 'learningrate'",
    '  expected one of name, task',
    'C:\\work\\data.csv:17:3: NaN in column x',
    '',
  ].join('\n');
  assert.deepEqual(locatedMessages(output), [
    {
      file: 'grain.yaml',
      line: 3,
      column: 1,
      message: "unknown key 'learningrate'\nexpected one of name, task",
    },
    { file: 'C:\\work\\data.csv', line: 17, column: 3, message: 'NaN in column x' },
  ]);
});

test('a stack trace is not a list of problems', () => {
  const output = 'Error: no\n    at run (file:///dist/grain.js:12:5)\n    at file:///dist/x.js:1:2';
  assert.deepEqual(locatedMessages(output), []);
});

test('configs are told by their names', () => {
  for (const yes of ['grain.yaml', '/a/grain.yml', 'a/digits.grain.json', 'b\\x.grain.yaml']) {
    assert.equal(isConfigFile(yes), true, yes);
  }
  for (const no of ['engrain.yaml', 'grain.yaml.bak', '/a/grain.toml', 'grain/x.yaml']) {
    assert.equal(isConfigFile(no), false, no);
  }
});
