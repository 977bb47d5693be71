/** Rules about `program`: what it cannot be, and keys beside it that it never gets. */
import type { Finding, Path } from './diagnostic.ts';
import { alternatives, nearest } from './diagnostic.ts';
import { pointsOf } from './points.ts';
import {
  argumentsOf,
  isUsed,
  meaning,
  OF_RUN,
  openQuote,
  type Program,
  placeholdersIn,
  placeholdersOf,
  textsOf,
  valuesOf,
} from './program.ts';
import { type Config, gridPath } from './schema.ts';

/** What is wrong with a program and the keys beside it. */
export function programFindings(config: Config, isWritten: (path: Path) => boolean): Finding[] {
  const { program } = config;
  if (program === undefined) return [];
  return [
    ...foreignKeys(isWritten),
    ...unheardSettings(config, program, isWritten),
    ...(openQuote(program) ? [unclosed(program)] : []),
    ...nulCharacters(program),
    ...shellWords(program),
    ...unknownPlaceholders(config, program),
    ...indistinct(config, program, isWritten),
  ];
}

/** They are for the built-in trainer. */
const FOREIGN = ['model', 'data', 'groups', 'tune', 'alarms', 'earlyStopping', 'controls'];

function foreignKeys(isWritten: (path: Path) => boolean): Finding[] {
  return FOREIGN.filter((key) => isWritten([key])).map((key) => ({
    path: [key],
    isKey: true,
    message: `${key} does nothing with program, which trains in its own way`,
    expected: 'only one of them',
  }));
}

/** What makes methods of the built-in trainer, but does not reach a program, which gets names of aggregators and placeholders. */
function unheardSettings(
  config: Config,
  program: Program,
  isWritten: (path: Path) => boolean,
): Finding[] {
  const hasTechniques = placeholdersOf(program).some((name) =>
    meaning(name, config).startsWith('techniques.'),
  );
  const ofEntries = config.aggregate.flatMap((entry, i) =>
    typeof entry === 'string'
      ? []
      : Object.keys(entry)
          .filter((key) => key !== 'name' && isWritten(['aggregate', i, key]))
          .map((key) => ({
            path: ['aggregate', i, key],
            isKey: true,
            message: `${key} does nothing with program, whose {aggregator} is the name alone`,
            expected: 'the name alone',
          })),
  );
  if (hasTechniques || !isWritten(['techniques'])) return ofEntries;
  return [
    {
      path: ['techniques'],
      isKey: true,
      message: 'techniques does nothing with program, which trains in its own way',
      expected: 'a placeholder in program, such as {techniques.ema.decay}, or no such key',
    },
    ...ofEntries,
  ];
}

function unclosed(program: Program): Finding {
  return {
    path: ['program'],
    message: `program has a ${openQuote(program)} that is not closed`,
    expected: 'quotes in pairs, or a list of arguments: [python, train.py, --seed, "{seed}"]',
  };
}

function nulCharacters(program: Program): Finding[] {
  return textsOf(program).flatMap(({ text, path }) =>
    text.includes('\0')
      ? {
          path,
          message: 'program has a NUL character (U+0000), which no argument can have',
          expected: 'text',
        }
      : [],
  );
}

/** What a shell would do something with: a pipe, a redirection, the end of a command, a variable. */
const OF_SHELL = /^(?:\|\|?|&&?|;|\d?>.*|<.*|\$[\w{(].*|`.*|.*;)$/s;

/** Words without quotes that only a shell would read, and none does. */
function shellWords(program: Program): Finding[] {
  if (typeof program !== 'string') return [];
  const word = program.split(/\s+/).find((word) => OF_SHELL.test(word));
  // Quotes elsewhere may be around it: what is in them is meant as it is.
  if (word === undefined || !argumentsOf(program).includes(word) || /["'\\]/.test(program))
    return [];
  return [
    {
      path: ['program'],
      message: `no shell reads program: ${word} would be an argument`,
      expected: `a shell for it, as [bash, -c, "…"], or quotes around ${word}`,
    },
  ];
}

function unknownPlaceholders(config: Config, program: Program): Finding[] {
  const seed = { init: 0, order: 0 };
  const [point = {}] = pointsOf(config);
  const known = [...valuesOf({ config, aggregator: '', seed, point }).keys()];
  return textsOf(program).flatMap(({ text, path }) =>
    placeholdersIn(text)
      .filter((name) => !known.includes(name))
      .map((name) => {
        const suggested = nearest(name, known);
        return {
          path,
          message: `unknown placeholder {${name}}`,
          expected: `${alternatives(OF_RUN)}, or a setting of this config, such as learningRate; {{ for a brace`,
          suggestion: suggested && text.replaceAll(`{${name}}`, `{${suggested}}`),
        };
      }),
  );
}

/** Several methods or seeds that the program does not get. */
function indistinct(
  config: Config,
  program: Program,
  isWritten: (path: Path) => boolean,
): Finding[] {
  const { aggregate, seeds } = config;
  const isOneSeed = Array.isArray(seeds) && seeds.length === 1;
  const alike = [
    ...(aggregate.length > 1 && !isUsed(program, 'aggregator')
      ? ([['aggregate', '{aggregator}']] as const)
      : []),
    ...(!isOneSeed && !isUsed(program, 'seed', 'init', 'order')
      ? ([['seeds', '{seed}']] as const)
      : []),
  ];
  const finding = (path: Path, placeholder: string): Finding => ({
    path,
    message: `the runs of ${path.join('.')} would be alike: program has no ${placeholder}`,
    expected: `${placeholder} in program, or one entry`,
  });
  return [
    ...alike.flatMap(([key, placeholder]) => (isWritten([key]) ? finding([key], placeholder) : [])),
    ...Object.entries(config.grid ?? {}).flatMap(([key, values]) => {
      const names = placeholdersOf(program).filter(
        (name) => meaning(name, config) === gridPath(key),
      );
      return values.length > 1 && names.length === 0 ? finding(['grid', key], `{${key}}`) : [];
    }),
  ];
}
