import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { templates } from '../../../src/extension/configs/template.ts';

for (const { label, text } of templates) {
  test(`the template "${label}" is a config without mistakes`, () => {
    const { config, warnings } = parseConfig(text, 'grain.yaml');
    assert.equal(config.name, 'my-fine-tune');
    assert.deepEqual(warnings, []);
  });
}
