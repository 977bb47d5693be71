/** `program`: a command of the user's that trains a run, with placeholders for what runs differ in. */
import type { Finding, Path } from './diagnostic.ts';
import { alternatives, nearest } from './diagnostic.ts';
import { type Point, pointsOf } from './points.ts';
import { type Config, gridPath } from './schema.ts';

/** As written: a line, which is split at its spaces, or a list of arguments. */
type Program = NonNullable<Config['program']>;

/** What stands for `data` in the config of a program, which reads its own. */
export const NO_DATA = { train: 'none.csv', validation: 'none.csv', target: 'none' };

/** `{name}`, and doubled braces for literal ones. */
const PLACEHOLDER = /\{\{|\}\}|\{([^{}]*)\}/g;

/** What differs from run to run, whatever else the config says. */
const OF_RUN = ['seed', 'init', 'order', 'aggregator'] as const;

/** One run of a program. */
interface ProgramRun {
  readonly config: Config;
  /** Name of the aggregator, without settings. */
  readonly aggregator: string;
  readonly seed: { readonly init: number; readonly order: number };
  /** Of the grid, whose settings may be the program's own. */
  readonly point: Point;
}

/** The arguments of a run, the program first. No shell reads them: a value is one argument, or part of one, whatever is in it. */
export function commandOf(run: ProgramRun): string[] {
  const values = valuesOf(run);
  const { program } = run.config;
  return argumentsOf(program ?? []).map((argument) =>
    argument.replace(PLACEHOLDER, (written, name?: string) =>
      name === undefined ? written[0]! : String(values.get(name) ?? written),
    ),
  );
}

/** Whether runs of a program differ by what the names stand for. */
function isUsed(program: Program, ...names: readonly string[]): boolean {
  return placeholdersOf(program).some((name) => names.includes(name));
}

/** Methods and seeds that a program cannot tell apart make one run, unless the config asks for more by name. */
export function withProgramDefaults(config: Config, isWritten: (path: Path) => boolean): Config {
  const { program } = config;
  if (program === undefined) return config;
  const hasMethods = isUsed(program, 'aggregator') || isWritten(['aggregate']);
  const hasSeeds = isUsed(program, 'seed', 'init', 'order') || isWritten(['seeds']);
  return {
    ...config,
    ...(!hasMethods && { aggregate: ['mean'] }),
    ...(!hasSeeds && { seeds: [0] }),
  };
}

/** What is wrong with a program and the keys beside it. */
export function programFindings(config: Config, isWritten: (path: Path) => boolean): Finding[] {
  const { program } = config;
  if (program === undefined) return [];
  return [
    ...foreignKeys(isWritten),
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

function unclosed(program: Program): Finding {
  return {
    path: ['program'],
    message: `program has a ${openQuote(program)} that is not closed`,
    expected: 'quotes in pairs, or a list of arguments: [python, train.py, --seed, "{seed}"]',
  };
}

function nulCharacters(program: Program): Finding[] {
  const texts = typeof program === 'string' ? [program] : program;
  return texts.flatMap((text, i) =>
    text.includes('\0')
      ? {
          path: typeof program === 'string' ? ['program'] : ['program', i],
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
  const texts = typeof program === 'string' ? [program] : program;
  return texts.flatMap((text, i) =>
    placeholdersIn(text)
      .filter((name) => !known.includes(name))
      .map((name) => {
        const suggested = nearest(name, known);
        return {
          path: typeof program === 'string' ? ['program'] : ['program', i],
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

/** The path of the setting that a placeholder stands for. */
function meaning(name: string, config: Config): string {
  const paths = [...leavesOf(settingsOf(config))].map(([path]) => path);
  const ends = paths.filter((path) => path === name || path.endsWith(`.${name}`));
  return ends.length === 1 ? ends[0]! : gridPath(name);
}

function placeholdersOf(program: Program): string[] {
  return (typeof program === 'string' ? [program] : program).flatMap(placeholdersIn);
}

function placeholdersIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name]) => name ?? []);
}

/** What placeholders may name: settings by their path, and by its last key where that is unique. */
function valuesOf({ config, aggregator, seed, point }: ProgramRun): Map<string, unknown> {
  const paths = [...leavesOf(settingsOf(config))];
  const leaves = paths.map(([path]) => path.split('.').at(-1)!);
  const isUnique = (leaf: string) => leaves.indexOf(leaf) === leaves.lastIndexOf(leaf);
  return new Map<string, unknown>([
    ...paths,
    ...paths.flatMap(([, value], i): [string, unknown][] =>
      isUnique(leaves[i]!) ? [[leaves[i]!, value]] : [],
    ),
    ...Object.entries(point),
    ['seed', seed.init],
    ['init', seed.init],
    ['order', seed.order],
    ['aggregator', aggregator],
  ]);
}

function settingsOf({ program: _, data: __, seeds: ___, grid: ____, ...settings }: Config) {
  return settings;
}

/** Numbers, texts and truth values below an object, by their paths. */
export function* leavesOf(value: object, above = ''): Generator<[string, unknown]> {
  for (const [key, inner] of Object.entries(value)) {
    const path = above === '' ? key : `${above}.${key}`;
    if (typeof inner === 'object' && inner !== null) {
      if (!Array.isArray(inner)) yield* leavesOf(inner, path);
    } else if (inner !== undefined) {
      yield [path, inner];
    }
  }
}

const PIECE = /\s+|"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)|(["'\\])/gs;

/** Words of a line: as a POSIX shell splits them, without anything else that a shell does. */
export function argumentsOf(program: Program): string[] {
  if (typeof program !== 'string') return [...program];
  const words: string[] = [];
  let word: string | null = null;
  for (const [piece, double, single, escaped, plain, lone] of program.matchAll(PIECE)) {
    const part = double?.replaceAll(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain ?? lone;
    if (part !== undefined) word = (word ?? '') + part;
    else if (word !== null && piece.trim() === '') {
      words.push(word);
      word = null;
    }
  }
  return word === null ? words : [...words, word];
}

/** A quote that begins and does not end; null if there is none. */
function openQuote(program: Program): string | null {
  if (typeof program !== 'string') return null;
  return [...program.matchAll(PIECE)].find((match) => match[5])?.[5] ?? null;
}
