/**
 * Writes docs/config.md (docs/config.head.md, then a table of every key from the config's schema), docs/aggregators.md
 * and docs/techniques.md (from the registries), and the rules in docs/alarms.md. docs/measurements.ts comes before it: pages repeat what was measured.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  configJsonSchema,
  formatType,
  isSection,
  type JsonSchema,
  keysOf,
  schemaAt,
  sectionsOf,
} from '../src/config/jsonSchema.ts';
import type { AggregatorDescription } from '../src/engine/aggregators/description.ts';
import { aggregators } from '../src/engine/aggregators/registry.ts';
import { rules } from '../src/experiment/alarms/rules.ts';
import { aggregatorsPage } from './aggregators.ts';
import { techniquesPage } from './techniques.ts';

const at = (name: string) => new URL(name, import.meta.url);
const headOf = (name: string) => readFileSync(at(name), 'utf8').trimEnd();

export function configPage(): string {
  return `${headOf('config.head.md')}\n\n${reference(configJsonSchema())}`;
}

const RULES_BEGIN = '<!-- rules: made by `npm run docs` from src/experiment/alarms -->';
const RULES_END = '<!-- /rules -->';

/** docs/alarms.md with a section per rule between its markers. */
export function alarmsPage(): string {
  const text = readFileSync(at('alarms.md'), 'utf8');
  const [head, rest = ''] = text.split(RULES_BEGIN);
  const [, tail] = rest.split(RULES_END);
  if (head === undefined || tail === undefined) throw new Error('docs/alarms.md has no markers');
  const sections = Object.entries(rules).map(
    ([code, { condition, reason }]) =>
      `### ${code}\n\n**Raised:** ${condition}\n\n**Why so:** ${reason}\n`,
  );
  return `${head}${RULES_BEGIN}\n\n${sections.join('\n')}\n${RULES_END}${tail}`;
}

/** A section per object of the schema, the top level first. */
function reference(schema: JsonSchema): string {
  return [
    section('', schema),
    ...sectionsOf(schema).map(([path, part]) => section(path, part, part.description)),
    entrySection(schema),
  ].join('\n');
}

/** The keys of every entry, then the parameters of single aggregators. */
function entrySection(schema: JsonSchema): string {
  const { name: _, ...common } = keysOf(entryOf('grain', schema), { name: 'grain' });
  const named = {
    name: { title: 'the name of an aggregator', description: 'See [aggregators](aggregators.md).' },
    ...common,
  };
  const own = Object.values(aggregators).flatMap((of) =>
    parameterRows(of, schema).map((row) => `| \`${of.name}\` ${row}`),
  );
  return [
    table(
      'An entry of `aggregate`',
      { properties: named, required: ['name'] },
      'The name of an aggregator, or these keys. The same aggregator may occur several times with different settings; each gets its own label, such as `cagrad c=0.4`, in lists and panels.',
    ),
    'Some aggregators have parameters, which are further keys:',
    '',
    '| aggregator | key | value | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...own,
    '',
  ].join('\n');
}

function parameterRows({ name, parameters }: AggregatorDescription, schema: JsonSchema): string[] {
  const keys = keysOf(entryOf(name, schema), { name });
  return Object.keys(parameters).map((key) => {
    const { description, ...value } = keys[key]!;
    return `| \`${key}\` | ${formatType(value)} | ${formatDefault(value)} | ${description} |`;
  });
}

/** The schema of an entry with this name. */
function entryOf(name: string, schema: JsonSchema): JsonSchema {
  return schemaAt(schema, ['aggregate', 0], { aggregate: [{ name }] })!;
}

/** @param path of the key that holds these; empty for the top level */
function section(path: string, schema: JsonSchema, text?: string) {
  return table(path === '' ? 'The top level' : `\`${path}\``, schema, text, path);
}

function table(
  title: string,
  { properties = {}, required = [] }: JsonSchema,
  text?: string,
  path = '',
) {
  const rows = Object.entries(properties).map(([key, value]) => {
    const standard = required.includes(key) ? '**required**' : formatDefault(value);
    const whole = path === '' ? key : `${path}.${key}`;
    const link = `see [\`${whole}\`](#${whole.toLowerCase().replaceAll('.', '')})`;
    const type = isSection(value) ? link : plain(formatType(value));
    return `| \`${key}\` | ${type} | ${standard} | ${value.description ?? ''} |`;
  });
  return [
    `## ${title}`,
    '',
    ...(text ? [text, ''] : []),
    '| key | value | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function formatDefault({ default: value, properties }: JsonSchema): string {
  if (value === undefined) return '–';
  if (properties) return 'the defaults of its keys';
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``;
}

/** Escapes what Markdown would read as HTML. */
function plain(text: string): string {
  return text.replaceAll('<', '&lt;');
}

if (import.meta.main) {
  writeFileSync(at('config.md'), configPage());
  writeFileSync(at('aggregators.md'), aggregatorsPage());
  writeFileSync(at('techniques.md'), techniquesPage());
  writeFileSync(at('alarms.md'), alarmsPage());
}
