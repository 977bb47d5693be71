import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { aggregatorsPage } from '../../../docs/aggregators.ts';
import { alarmsPage, configPage } from '../../../docs/generate.ts';
import { measurementsText } from '../../../docs/measurements.ts';
import { techniquesPage } from '../../../docs/techniques.ts';
import { configJsonSchema, type JsonSchema } from '../../../src/config/jsonSchema.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { measuredAt, regimesOf, regimesText } from '../../../src/engine/aggregators/regimes.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import type { AggregatorName } from '../../../src/engine/types.ts';

const page = readFileSync(new URL('../../../docs/config.md', import.meta.url), 'utf8');

test('docs/config.md is what the schema says: else run npm run docs', () => {
  assert.equal(page, configPage());
});

test('docs/aggregators.md is what the registry says: else run npm run docs', () => {
  const file = new URL('../../../docs/aggregators.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), aggregatorsPage());
});

test('docs/techniques.md is what the registry says: else run npm run docs', () => {
  const file = new URL('../../../docs/techniques.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), techniquesPage());
});

test('docs/alarms.md has the rules: else run npm run docs', () => {
  const file = new URL('../../../docs/alarms.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), alarmsPage());
});

test('what is said of aggregators is what docs/guarantee.md measured: else run npm run docs', () => {
  const file = new URL('../../../src/engine/aggregators/measurements.json', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), measurementsText());
  const collapsed = measuredAt('digits-label', 'grain')!;
  const { mean, value, difference } = collapsed;
  assert.ok(Math.abs(value - mean - Number(difference.replace('−', '-'))) < 0.0015, difference);
  for (const name of Object.keys(aggregators) as AggregatorName[]) {
    assert.equal(regimesText(name) === '', regimesOf(name).length === 0);
  }
});

test('README says up front what docs/guarantee.md measured, with the command of each figure', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const rows = [
    ...readme.matchAll(
      /^\|[^|]+\| (?<mean>[\d.]+) \| (?<grain>[\d.*]+) \| (?<normalized>[\d.*]+) \| `node bench\/guarantee\.ts --settings (?<setting>[\w-]+)` \|$/gm,
    ),
  ].map(({ groups }) => groups as Record<'mean' | 'grain' | 'normalized' | 'setting', string>);
  assert.ok(rows.length >= 4, `${rows.length} rows`);
  for (const { mean, grain, normalized, setting } of rows) {
    const [ofGrain, ofNormalized] = (['grain', 'grain-normalized'] as const).map((name) => {
      return measuredAt(setting, name)!;
    });
    const said = [mean, grain, normalized].map((cell) => Number(cell.replaceAll('*', '')));
    assert.deepEqual(said, [ofGrain!.mean, ofGrain!.value, ofNormalized!.value], setting);
  }
});

test('its examples are configs', () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, example]) => example!);
  assert.equal(examples.length, 3);
  for (const example of examples) {
    assert.equal(parseConfig(example, 'grain.yaml').config.name, parse(example).name);
  }
});

test('editors show of every aggregator where it is chosen what it guarantees, and where it won and lost', () => {
  const schema = configJsonSchema() as { properties: { aggregate: { items: JsonSchema } } };
  const names = schema.properties.aggregate.items.anyOf!.find((part) => part.enum) as JsonSchema & {
    enumDescriptions: string[];
  };
  assert.equal(names.enumDescriptions.length, names.enum!.length);
  for (const [i, name] of names.enum!.entries()) {
    const { guarantee } = aggregators[name as AggregatorName];
    const text = names.enumDescriptions[i]!;
    assert.ok(text.includes(guarantee) && text.endsWith(regimesText(name as AggregatorName)), text);
  }
  const grain = names.enumDescriptions[names.enum!.indexOf('grain')]!;
  assert.match(grain, /Digits, groups by label: accuracy 0\.\d+, mean 0\.\d+ \(−/);
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
