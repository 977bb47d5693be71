import path from 'node:path';
import { adapterRules } from './adapterRules.ts';
import { ConfigTextError, readConfigText } from './configText.ts';
import { filePath, isSplit, namedFiles } from './data.ts';
import { dataRules } from './dataRules.ts';
import {
  ConfigError,
  type Diagnostic,
  FILE_START,
  type Finding,
  type Help,
  helpFields,
  type Path,
  type Position,
} from './diagnostic.ts';
import { ConfigDocument } from './document.ts';
import { reasonOf } from './errors.ts';
import { gridFindings } from './gridRules.ts';
import { knownHarms } from './harms.ts';
import { findingsOf } from './issues.ts';
import { withControls } from './methods.ts';
import { modelRules } from './modelRules.ts';
import { configAt, type Point, placeIn, pointsOf } from './points.ts';
import { NO_DATA, withProgramDefaults } from './program.ts';
import { programFindings } from './programRules.ts';
import { type Config, configSchema } from './schema.ts';
import { stepRules } from './stepRules.ts';
import { fileComplaint, userPaths } from './userPath.ts';

/** What the schema cannot say: keys that contradict each other, or would silently do nothing. */
const rules = [...modelRules, ...adapterRules, ...dataRules, ...stepRules];

/** Where keys are written. */
interface Places {
  isWritten(path: Path): boolean;
  /** Of the value at a path, or of its nearest ancestor that is written. */
  position(path: Path): Position;
  /** Of the last key of a path. */
  keyPosition(path: Path): Position;
}

/** Of a config that is not read from its file. */
export const NOWHERE: Places = {
  isWritten: () => false,
  position: () => FILE_START,
  keyPosition: () => FILE_START,
};

/** A valid config, and where each of its keys is written, so that later errors can point there. */
export class ParsedConfig {
  readonly config: Config;
  /** The config file as the user named it. */
  readonly file: string;
  readonly #places: Places;

  constructor(config: Config, file: string, places: Places) {
    this.config = config;
    this.file = file;
    this.#places = places;
  }

  /** Paths in the config are relative to this folder. */
  get folder(): string {
    return path.dirname(this.file);
  }

  isWritten(path: Path): boolean {
    return this.#places.isWritten(path);
  }

  /** The same file with some of its keys overridden. */
  with(overrides: Partial<Config>): ParsedConfig {
    const places = this.#places;
    const isOverridden = ([key]: Path) => key !== undefined && key in overrides;
    const placeOf = (path: Path) => (isOverridden(path) ? path.slice(0, 1) : path);
    return new ParsedConfig({ ...this.config, ...overrides }, this.file, {
      isWritten: (path) => !isOverridden(path) && places.isWritten(path),
      position: (path) => places.position(placeOf(path)),
      keyPosition: (path) => places.keyPosition(placeOf(path)),
    });
  }

  /** The same file with the validation examples that another seed draws; itself if they are the same. */
  withSplit(seed: number | undefined): ParsedConfig {
    const { data } = this.config;
    const { validation } = data;
    if (seed === undefined || !isSplit(validation) || validation.seed === seed) return this;
    return this.with({ data: { ...data, validation: { ...validation, seed } } });
  }

  /** The same file at a point of its grid, whose values are written there. */
  at(point: Point): ParsedConfig {
    if (Object.keys(point).length === 0) return this;
    const { config } = this;
    const places = this.#places;
    const placeOf = (path: Path) => placeIn(config, point, path);
    return new ParsedConfig(configAt(config, point), this.file, {
      isWritten: (path) => placeOf(path) !== null || places.isWritten(path),
      position: (path) => places.position(placeOf(path) ?? path),
      keyPosition: (path) => places.keyPosition(placeOf(path) ?? path),
    });
  }

  /** What is valid, and was measured to do harm, of all entries of `aggregate`, at any point of the grid. */
  get warnings(): Diagnostic[] {
    const all = pointsOf(this.config).flatMap((point) => {
      const at = this.at(point);
      return this.config.aggregate.flatMap((_, entry) => at.warningsOf(entry));
    });
    return [...new Map(all.map((it) => [JSON.stringify([it.path, it.message]), it])).values()];
  }

  /** @param entry index in `aggregate` */
  warningsOf(entry: number): Diagnostic[] {
    const findings = knownHarms(this.config, entry, (path) => this.#places.isWritten(path));
    return findings.map((finding) => {
      const position = this.#places.position(finding.path);
      return located(finding, this.file, 'warning', position);
    });
  }

  diagnostic(key: Path, message: string, help: Help): Diagnostic {
    const { file } = this;
    const position = this.#places.position(key);
    return { file, severity: 'error', ...position, path: [...key], message, ...helpFields(help) };
  }

  /** A warning at a key of the config. @param better what would be better */
  warning(key: Path, message: string, better: string): Diagnostic {
    return { ...this.diagnostic(key, message, { expected: better }), severity: 'warning' };
  }

  /** An error in the value of a key of the config. */
  error(key: Path, message: string, help: Help): ConfigError {
    return new ConfigError([this.diagnostic(key, message, help)]);
  }

  /** An error in the name of a key of the config. */
  keyError(key: Path, message: string, help: Help): ConfigError {
    const position = this.#places.keyPosition(key);
    return new ConfigError([{ ...this.diagnostic(key, message, help), ...position }]);
  }

  /** Paths of data files, in the order in which they are read. @throws ConfigError if one cannot be read */
  dataFiles(key: 'train' | 'validation'): readonly string[] {
    const { data } = this.config;
    const files = namedFiles(data, key).flatMap((named, i) => {
      const complaint = fileComplaint(named, this.folder);
      if (!complaint) return userPaths(named, this.folder).map((file) => ({ file, named, i }));
      const advice = complaint.advice ? `. ${complaint.advice}` : '';
      throw this.error(filePath(data, key, i), complaint.message, {
        expected: `the path of a data file, relative to the config${advice}`,
      });
    });
    const twice = files.find(({ file }, at) => files.findIndex((it) => it.file === file) < at);
    if (twice) {
      const name = path.relative(this.folder, twice.file);
      throw this.error(filePath(data, key, twice.i), `${name} is there twice`, {
        expected: 'each file once',
      });
    }
    return files.map(({ file }) => file);
  }
}

/** Reads a config from its file. @throws ConfigError if it cannot be read, or listing all errors in it */
export function parseConfigFile(file: string): ParsedConfig {
  let text: string;
  try {
    text = readConfigText(file);
  } catch (error) {
    if (!(error instanceof ConfigTextError)) throw error;
    const { message, expected, position } = error;
    throw new ConfigError([located({ path: [], message, expected }, file, 'error', position)]);
  }
  return parseConfig(text, file);
}

/**
 * Reads a config, YAML or JSON.
 * @param file name of the text in messages
 * @throws ConfigError listing all errors, by position
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const document = new ConfigDocument(text);
  if (document.problems.length > 0) {
    throw new ConfigError(
      document.problems.map(({ message, expected, position }) => {
        return located({ path: [], message, expected }, file, 'error', position);
      }),
    );
  }
  const content = contentOf(document, file);
  const parsed = configSchema.safeParse(
    isOfProgram(content) ? { data: NO_DATA, ...content } : content,
  );
  const isWritten = (path: Path) => document.isWritten(path);
  const config = parsed.success ? withDefaults(parsed.data, isWritten) : null;
  const findings = config
    ? contradictions(config, isWritten)
    : findingsOf(parsed.error!.issues, content);
  if (!config || findings.length > 0) {
    throw new ConfigError(
      findings.map((finding) => {
        const { path, isKey } = finding;
        const position = isKey ? document.keyPosition(path) : document.position(path);
        return located(finding, file, 'error', position);
      }),
    );
  }
  return new ParsedConfig(config, file, document);
}

function isOfProgram(content: unknown): content is object {
  return typeof content === 'object' && content !== null && 'program' in content;
}

function withDefaults(config: Config, isWritten: (path: Path) => boolean): Config {
  return withProgramDefaults(withControls(config), isWritten);
}

function contradictions(config: Config, isWritten: (path: Path) => boolean): Finding[] {
  return config.grid ? gridFindings(config, isWritten, rulesAt) : rulesAt(config, isWritten);
}

function rulesAt(config: Config, isWritten: (path: Path) => boolean): Finding[] {
  if (config.program !== undefined) return programFindings(config, isWritten);
  return rules.flatMap((rule) => rule(config, isWritten));
}

/** An empty file is a config without keys. */
function contentOf(document: ConfigDocument, file: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    const expected = 'YAML whose aliases can be resolved';
    const finding = { path: [], message: reasonOf(error), expected };
    throw new ConfigError([located(finding, file, 'error', document.position([]))]);
  }
}

function located(
  { path, message, expected, suggestion }: Finding,
  file: string,
  severity: Diagnostic['severity'],
  position: Position,
): Diagnostic {
  return {
    file,
    severity,
    ...position,
    message,
    expected,
    ...(suggestion && { suggestion }),
    path,
  };
}
