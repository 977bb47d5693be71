/** `program`: a command of the user's that trains a run, with placeholders for what runs differ in. */
import type { Path } from './diagnostic.ts';
import { lastKey } from './keyPath.ts';
import type { Point } from './points.ts';
import { type Config, gridPath } from './schema.ts';

/** As written: a line, which is split at its spaces, or a list of arguments. */
export type Program = NonNullable<Config['program']>;

/** What stands for `data` in the config of a program, which reads its own. */
export const NO_DATA = { train: 'none.csv', validation: 'none.csv', target: 'none' };

/** `{name}`, and doubled braces for literal ones. */
const PLACEHOLDER = /\{\{|\}\}|\{([^{}]*)\}/g;

/** What differs from run to run, whatever else the config says. */
export const OF_RUN = ['seed', 'init', 'order', 'aggregator'] as const;

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
export function isUsed(program: Program, ...names: readonly string[]): boolean {
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

/** The path of the setting that a placeholder stands for. */
export function meaning(name: string, config: Config): string {
  const paths = [...leavesOf(settingsOf(config))].map(([path]) => path);
  const ends = paths.filter((path) => path === name || path.endsWith(`.${name}`));
  return ends.length === 1 ? ends[0]! : gridPath(name);
}

export function placeholdersOf(program: Program): string[] {
  return textsOf(program).flatMap(({ text }) => placeholdersIn(text));
}

/** What is written, and where. */
export function textsOf(program: Program): { readonly text: string; readonly path: Path }[] {
  return typeof program === 'string'
    ? [{ text: program, path: ['program'] }]
    : program.map((text, i) => ({ text, path: ['program', i] }));
}

export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name]) => name ?? []);
}

/** What placeholders may name: settings by their path, and by its last key where that is unique. */
export function valuesOf({ config, aggregator, seed, point }: ProgramRun): Map<string, unknown> {
  const paths = [...leavesOf(settingsOf(config))];
  const leaves = paths.map(([path]) => lastKey(path));
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
export function openQuote(program: Program): string | null {
  if (typeof program !== 'string') return null;
  return [...program.matchAll(PIECE)].find((match) => match[5])?.[5] ?? null;
}
