/**
 * Writes docs/config.md anew: the text of docs/config.head.md, then a table of every key from the config's schema; and
 * docs/aggregators.md, from the registry.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema, type JsonSchema } from '../src/experiment/schema.ts';
import { typeWords } from '../src/experiment/words.ts';
import { aggregatorsPage } from './aggregators.ts';

const head = new URL('./config.head.md', import.meta.url);
const page = new URL('./config.md', import.meta.url);

export function configPage(): string {
  return `${readFileSync(head, 'utf8').trimEnd()}\n\n${reference(configJsonSchema())}`;
}

/** Sections one below the other, the keys of the top level first. */
function reference(schema: JsonSchema): string {
  const keys = Object.entries(schema.properties ?? {});
  const sections = keys.filter(([, { properties }]) => properties);
  return [
    section('The top level', schema),
    ...sections.map(([name, part]) => section(`\`${name}\``, part, part.description)),
  ].join('\n');
}

function section(title: string, { properties = {}, required = [] }: JsonSchema, text?: string) {
  const rows = Object.entries(properties).map(([key, value]) => {
    const standard = required.includes(key) ? '**required**' : defaultWords(value);
    const type = value.properties ? `see [\`${key}\`](#${key})` : plain(typeWords(value));
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

function defaultWords({ default: value, properties }: JsonSchema): string {
  if (value === undefined) return '–';
  if (properties) return 'the defaults of its keys';
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``;
}

/** Text that Markdown would take for HTML. */
function plain(text: string): string {
  return text.replaceAll('<', '&lt;');
}

if (import.meta.main) {
  writeFileSync(page, configPage());
  writeFileSync(new URL('./aggregators.md', import.meta.url), aggregatorsPage());
}
