import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { aggregatorsPage } from '../../../docs/aggregators.ts';
import { alarmsPage, configPage } from '../../../docs/generate.ts';
import { configJsonSchema, type JsonSchema } from '../../../src/config/jsonSchema.ts';
import { parseConfig } from '../../../src/config/parse.ts';

const page = readFileSync(new URL('../../../docs/config.md', import.meta.url), 'utf8');

test('docs/config.md is what the schema says: else run npm run docs', () => {
  assert.equal(page, configPage());
});

test('docs/aggregators.md is what the registry says: else run npm run docs', () => {
  const file = new URL('../../../docs/aggregators.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), aggregatorsPage());
});

test('docs/alarms.md has the rules: else run npm run docs', () => {
  const file = new URL('../../../docs/alarms.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), alarmsPage());
});

test('its examples are configs', () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, example]) => example!);
  assert.equal(examples.length, 3);
  for (const example of examples) {
    assert.equal(parseConfig(example, 'grain.yaml').config.name, parse(example).name);
  }
});

test('every key is described', () => {
  const undescribed: string[] = [];
  const walk = (schema: JsonSchema, path: string) => {
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      if (!value.description) undescribed.push(path + key);
      walk(value, `${path}${key}.`);
    }
    for (const part of [
      ...(schema.anyOf ?? []),
      ...(schema.oneOf ?? []),
      ...(schema.items ? [schema.items] : []),
    ]) {
      walk(part, `${path}[].`);
    }
  };
  walk(configJsonSchema(), '');
  assert.deepEqual(undescribed, []);
});
