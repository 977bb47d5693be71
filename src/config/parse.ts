import { readFileSync } from 'node:fs';
import path from 'node:path';
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
import { findingsOf } from './issues.ts';
import { modelRules } from './modelRules.ts';
import { type Config, configSchema } from './schema.ts';
import { stepRules } from './stepRules.ts';
import { fileComplaint, userPath } from './userPath.ts';

/** What the schema cannot say: keys that contradict each other, or would silently do nothing. */
const rules = [...modelRules, ...dataRules, ...stepRules];

/** A valid config, and where each of its keys is written, so that later errors can point there. */
export class ParsedConfig {
  readonly config: Config;
  /** The config file as the user named it. */
  readonly file: string;
  readonly #position: (path: Path) => Position;

  /** @param position of the value at a path, or of its nearest ancestor that is written */
  constructor(config: Config, file: string, position: (path: Path) => Position) {
    this.config = config;
    this.file = file;
    this.#position = position;
  }

  /** Paths in the config are relative to this folder. */
  get folder(): string {
    return path.dirname(this.file);
  }

  /** The same file with some of its keys overridden. */
  with(overrides: Partial<Config>): ParsedConfig {
    return new ParsedConfig({ ...this.config, ...overrides }, this.file, this.#position);
  }

  diagnostic(key: Path, message: string, help: Help): Diagnostic {
    const { file } = this;
    return { file, ...this.#position(key), path: [...key], message, ...helpFields(help) };
  }

  /** An error at a key of the config. */
  error(key: Path, message: string, help: Help): ConfigError {
    return new ConfigError([this.diagnostic(key, message, help)]);
  }

  /** Path of a data file. @throws ConfigError if it cannot be read */
  dataFile(key: 'train' | 'validation'): string {
    const named = this.config.data[key];
    const complaint = fileComplaint(named, this.folder);
    if (!complaint) return userPath(named, this.folder);
    const advice = complaint.advice ? `. ${complaint.advice}` : '';
    throw this.error(['data', key], complaint.message, {
      expected: `the path of a data file, relative to the config${advice}`,
    });
  }
}

/** Reads a config from its file. @throws ConfigError if it cannot be read, or listing all errors in it */
export function parseConfigFile(file: string): ParsedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const expected = 'the path of a config, YAML or JSON';
    throw new ConfigError([{ file, ...FILE_START, message: reasonOf(error), expected, path: [] }]);
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
      document.problems.map(({ message, position }) => {
        return { file, ...position, message, expected: 'YAML or JSON', path: [] };
      }),
    );
  }
  const content = contentOf(document, file);
  const parsed = configSchema.safeParse(content);
  const findings = parsed.success
    ? rules.flatMap((rule) => rule(parsed.data, (path) => document.isWritten(path)))
    : findingsOf(parsed.error.issues, content);
  if (!parsed.success || findings.length > 0) {
    throw new ConfigError(findings.map((finding) => located(finding, file, document)));
  }
  return new ParsedConfig(parsed.data, file, (path) => document.position(path));
}

/** An empty file is a config without keys. */
function contentOf(document: ConfigDocument, file: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    const position = document.position([]);
    const expected = 'YAML whose aliases can be resolved';
    throw new ConfigError([{ file, ...position, message: reasonOf(error), expected, path: [] }]);
  }
}

function located(finding: Finding, file: string, document: ConfigDocument): Diagnostic {
  const { path, isKey, message, expected, suggestion } = finding;
  const position = isKey ? document.keyPosition(path) : document.position(path);
  return { file, ...position, message, expected, ...(suggestion && { suggestion }), path };
}
