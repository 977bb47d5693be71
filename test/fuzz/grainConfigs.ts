import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../../src/config/diagnostic.ts';
import { parseConfig, parseConfigFile } from '../../src/config/parse.ts';
import { random } from '../unit/engine/random.ts';
import { Lots, mutated } from './bytes.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Valid configs, of every task, in YAML and JSON. */
function seeds(): Buffer[] {
  const page = readFileSync(path.join(root, 'docs/config.head.md'), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
  const json = blocks.map((text) => JSON.stringify(parseConfig(text, 'grain.yaml').config));
  return [...blocks, ...json, JSON.stringify(JSON.parse(json[0]!), null, 2)].map((text) =>
    Buffer.from(text),
  );
}

interface Outcome {
  readonly valid: number;
  readonly refused: number;
}

/**
 * Reads the first `count` mutated configs. Each is refused with places in the file, or means the same when it is written out.
 * @throws Error with the config that is not
 */
export function fuzzGrainConfigs(count: number, seed: number): Outcome {
  const lots = new Lots(random(seed));
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-fuzz-'));
  const file = path.join(folder, 'grain.yaml');
  const originals = seeds();
  let valid = 0;
  try {
    for (let n = 1; n <= count; n++) {
      const bytes = mutated(lots.of(originals), lots);
      try {
        if (check(file, bytes)) valid++;
      } catch (error) {
        const shown = bytes.toString('latin1');
        throw new Error(`configs, seed ${seed}, config ${n}:\n${shown}`, { cause: error });
      }
    }
    return { valid, refused: count - valid };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns whether the config is valid @throws what is no clear refusal */
function check(file: string, bytes: Buffer): boolean {
  writeFileSync(file, bytes);
  try {
    const { config } = parseConfigFile(file);
    const again = parseConfig(JSON.stringify(config), file).config;
    assert.deepEqual(again, config);
    return true;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.message.length < 20_000, 'a message as long as a book');
    for (const { line, column, endLine, message, expected } of error.diagnostics) {
      assert.ok(message && expected, error.message);
      assert.ok(line >= 1 && column >= 1 && endLine >= line, error.message);
      assert.ok(endLine <= bytes.length + 1, error.message);
    }
    return false;
  }
}
