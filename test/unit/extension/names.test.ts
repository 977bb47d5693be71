import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConfigFile } from '../../../src/extension/configs/names.ts';

test('configs are recognized by their names', () => {
  for (const yes of ['grain.yaml', '/a/grain.yml', 'a/digits.grain.json', 'b\\x.grain.yaml']) {
    assert.equal(isConfigFile(yes), true, yes);
  }
  for (const no of ['engrain.yaml', 'grain.yaml.bak', '/a/grain.toml', 'grain/x.yaml']) {
    assert.equal(isConfigFile(no), false, no);
  }
});
