import { readFileSync } from 'node:fs';
import { ConfigError, type ParsedConfig, parseConfig } from './parse.ts';

/** Reads a config from its file. @throws ConfigError if there is none, or for mistakes in it */
export function parseConfigFile(file: string): ParsedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const start = { line: 1, column: 1, endLine: 1, endColumn: 1 };
    throw new ConfigError([
      { file, ...start, message, expected: 'the path of a config, YAML or JSON', path: [] },
    ]);
  }
  return parseConfig(text, file);
}
