import { ConfigError, type Diagnostic, type Position } from './diagnostic.ts';
import { ConfigDocument, type Path } from './document.ts';
import type { Finding } from './finding.ts';
import { findingsOf } from './issues.ts';
import { brokenRules } from './rules.ts';
import { type Config, configSchema } from './schema.ts';

export { ConfigError, type Position } from './diagnostic.ts';

/** A config without mistakes that can be seen in its text. */
export interface ParsedConfig {
  /** Its name, as given. */
  readonly file: string;
  readonly config: Config;
  /** Where the value at a path is written; for one that is not written, where its nearest ancestor is. */
  position(path: Path): Position;
}

/**
 * Reads a config, YAML or JSON.
 * @param file what the text is called in messages
 * @throws ConfigError listing all mistakes, by their place
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const document = new ConfigDocument(text);
  const syntax = document.problems;
  if (syntax.length > 0) {
    throw new ConfigError(
      syntax.map(({ message, position }) => ({
        file,
        ...position,
        message,
        expected: 'YAML or JSON',
        path: [],
      })),
    );
  }
  const content = contentOf(document, file);
  const parsed = configSchema.safeParse(content);
  const findings = parsed.success
    ? brokenRules(parsed.data, (path) => document.isWritten(path))
    : findingsOf(parsed.error.issues, content);
  if (!parsed.success || findings.length > 0) {
    throw new ConfigError(findings.map((finding) => diagnosticOf(finding, file, document)));
  }
  return { file, config: parsed.data, position: (path) => document.position(path) };
}

/** An empty file is a config without keys. */
function contentOf(document: ConfigDocument, file: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      {
        file,
        ...document.position([]),
        message,
        expected: 'YAML whose aliases can be resolved',
        path: [],
      },
    ]);
  }
}

function diagnosticOf(finding: Finding, file: string, document: ConfigDocument): Diagnostic {
  const { path, isKey, message, expected, suggestion } = finding;
  const position = isKey ? document.keyPosition(path) : document.position(path);
  return { file, ...position, message, expected, ...(suggestion && { suggestion }), path };
}
