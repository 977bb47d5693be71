/** The page docs/techniques.md: the text of docs/techniques.head.md, then a section per technique from the registry. */
import { readFileSync } from 'node:fs';
import type { Technique } from '../src/config/techniques/description.ts';
import { rivalsOf, type TechniqueName, techniques } from '../src/config/techniques/registry.ts';
import { markdownTable, parameterTable } from './tables.ts';

const head = new URL('./techniques.head.md', import.meta.url);

export function techniquesPage(): string {
  const all = Object.entries(techniques) as [TechniqueName, Technique][];
  return [
    readFileSync(head, 'utf8'),
    ...markdownTable(
      ['technique', 'does', 'changes'],
      all.map(([name, of]) => [
        `[\`${name}\`](#${name.toLowerCase()})`,
        of.title.replace(/^[^:]*: /, ''),
        changes(of),
      ]),
    ),
    ...all.flatMap(([name, of]) => section(name, of)),
    '',
  ].join('\n');
}

function changes(of: Technique): string {
  const { loss, stability, averaging, noise, headSteps, mixing, ascent } = of;
  if (loss || stability) return 'the loss';
  if (averaging) return 'what is validated and saved';
  if (noise) return 'the start';
  if (headSteps) return 'what is trained at first';
  return ascent || mixing ? 'where gradients are taken' : 'the order of the examples';
}

function section(name: TechniqueName, of: Technique): string[] {
  const rivals = rivalsOf(name);
  return [
    '',
    `## ${name}`,
    '',
    `${of.title}.`,
    '',
    `- ${of.formula}.`,
    `- ${of.groups}`,
    ...(rivals.length > 0
      ? [`- Not together with ${rivals.map((it) => `\`${it}\``).join(', ')}.`]
      : []),
    `- Reference: ${of.reference}`,
    ...parameterTable(of.parameters ?? {}),
  ];
}
