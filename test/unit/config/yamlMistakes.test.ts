/** Configs that are almost YAML: named by what is wrong, where it is. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { parseConfig, parseConfigFile } from '../../../src/config/parse.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-yaml-'));
after(() => rmSync(folder, { recursive: true }));

const data = 'data: { train: train.csv, validation: dev.csv, target: label }';

function failure(parse: () => unknown): ConfigError {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail('expected an error');
}

function first(text: string) {
  const { line, column, message } = failure(() => parseConfig(text, 'grain.yaml')).diagnostics[0]!;
  return [`${line}:${column}`, message];
}

function ofFile(content: string | Buffer) {
  const file = path.join(folder, 'grain.yaml');
  writeFileSync(file, content);
  const { line, column, message } = failure(() => parseConfigFile(file)).diagnostics[0]!;
  return [`${line}:${column}`, message] as const;
}

test('quotes that are never closed, keys that are written twice, or are no names', () => {
  const quote = 'the " that opens here is never closed';
  assert.deepEqual(first(`${data}\nname: "abc\nsteps: 3\n`), ['2:7', quote]);
  assert.deepEqual(first(`name: it's\nseeds: [0, "1]\n${data}\n`), ['2:12', quote]);
  assert.deepEqual(first(`${data}\nsteps: 3\nsteps: 4\n`), [
    '3:1',
    'the key steps is written twice',
  ]);
  const list = 'a list or a set of keys in place of a key';
  assert.deepEqual(first(`${data}\n? [a, b]\n: 3\n`), ['2:3', list]);
  assert.match(String(first(`${data}\n~: 3\n`)), /^2:1,unknown key "~"/);
});

test('keys are read as they are written', () => {
  const weights = 'techniques: { classWeights: { 1.0: 2, 1: 3, true: 4 } }';
  const { config } = parseConfig(`${data}\n${weights}`, 'grain.yaml');
  assert.deepEqual(config.techniques!.classWeights, { '1.0': 2, '1': 3, true: 4 });
});

test('ten thousand keys that are unknown: the first are listed, and each found at once', () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}: 1`).join('\n');
  const { diagnostics, message } = failure(() => parseConfig(`${data}\n${keys}`, 'grain.yaml'));
  assert.equal(diagnostics.length, 10_000);
  assert.equal(diagnostics.at(-1)!.line, 10_001);
  assert.match(message, /… and 9980 more mistakes$/);
});

test('messages show what has no shape, and nothing that a terminal obeys', () => {
  const { message } = failure(() =>
    parseConfig(`${data}\n"st\u200beps": 3\nname: "a\\e[31m"\n"b\\n": 1\n`, 'grain.yaml'),
  );
  assert.match(message, /unknown key "st\\u200beps"/);
  assert.match(message, /unknown key "b\\n"/);
  assert.doesNotMatch(message.replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u);
});

test('what is meant of several forms is told by its keys', () => {
  for (const [line, at, message] of [
    ['seeds: { until: 0.01 }', '2:17', 'seeds.until cannot be 0.01'],
    ['seeds: { until: { difference: 0 } }', '2:31', 'seeds.until.difference cannot be 0'],
    ['seeds: { until: auto, most: 1 }', '2:17', 'seeds.until cannot be "auto"'],
    ['seeds: { budget: 3 }', '2:1', 'missing key seeds.until'],
    ['seeds: { init: 0 }', '2:16', 'seeds.init cannot be 0'],
    ['tune: { learningRates: [0.1] }', '2:24', 'tune.learningRates cannot be a list of 1'],
    ['tune: { learningRates: [0.1, 1e-1] }', '2:30', '0.1 is repeated'],
    ['techniques: { classWeights: { x: 0 } }', '2:34', 'techniques.classWeights.x cannot be 0'],
    ['steps: 9007199254740993', '2:8', 'steps cannot be 9007199254740992'],
  ] as const) {
    assert.deepEqual(first(`${data}\n${line}\n`), [at, message]);
  }
  const { expected } = failure(() =>
    parseConfig(`${data}\ntechniques: { classWeights: { x: 0 } }`, 'grain.yaml'),
  ).diagnostics[0]!;
  assert.equal(expected, 'a number above 0');
});

test('devices as other programs call them', () => {
  for (const [name, meant] of [
    ['gpu', 'cuda'],
    ['cuda:1', 'cuda'],
    ['mps', 'torch'],
    ['tpu', undefined],
  ]) {
    const found = failure(() => parseConfig(`${data}\ndevice: ${name}`, 'grain.yaml'));
    assert.equal(found.diagnostics[0]!.suggestion, meant);
  }
});

test('programs: what only a shell would read, and what no argument can have', () => {
  for (const program of ['echo $HOME', 'a | b', 'a > b', 'a 2>&1', 'cd x; python y', 'a && b']) {
    const message = String(first(`program: ${program}`));
    assert.match(message, /^1:10,no shell reads program: \S+ would be an argument$/, program);
  }
  for (const program of [
    'echo "$HOME"',
    '[echo, "|"]',
    'python a.py --regex a$',
    'python a.py -x=1>2',
  ]) {
    assert.ok(parseConfig(`program: ${program}`, 'grain.yaml'));
  }
  assert.match(String(first('program: [echo, "a\\0b"]')), /^1:18,program has a NUL character/);
});

test('merge keys, two documents', () => {
  const merged = `base: &base { name: a }\n${data}\noptimizer:\n  <<: *base\n`;
  assert.deepEqual(first(merged), ['4:3', 'YAML 1.2 has no merge keys (<<)']);
  assert.deepEqual(first(`${data}\n---\n${data}\n`), ['2:1', 'a second document begins here']);
  assert.deepEqual(first(`${data}\n...\nname: b\n`)[1], 'a second document begins here');
  parseConfig(`---\n${data}\n`, 'grain.yaml');
});

test('comments of other languages', () => {
  assert.deepEqual(first(`{ // the data\n  "data": { "train": "t.csv" } }`), [
    '1:3',
    '// does not begin a comment',
  ]);
  assert.deepEqual(first(`/* the data */\n${data}\n`), ['1:1', '/* does not begin a comment']);
  const { config } = parseConfig(data.replace('train.csv', '//server/train.csv'), 'grain.yaml');
  assert.equal(config.data.train, '//server/train.csv');
});

test('odd spaces, wide colons and typographic quotes: the character and its place', () => {
  const space = 'a no-break space (U+00A0)';
  for (const [text, at, message] of [
    [`${data}\nsteps:\u00a05`, '2:7', space],
    [`${data}\noptimizer:\n\u00a0 name: sgd`, '3:1', space],
    [`${data}\nname: a\u00a0`, '2:8', space],
    [`${data}\nsteps: 5\u00a0`, '2:9', space],
    [`${data}\nseeds:\n- 1\n-\u00a02`, '4:2', space],
    [`${data}\nseeds: [1,\u00a02]`, '2:11', space],
    [`${data}\noptimizer:\n  name: sgd\n\u3000 momentum: 0.5`, '4:1', 'an odd space (U+3000)'],
    [`${data}\nsteps：5\n`, '2:6', 'a wide colon (U+FF1A)'],
    [`${data}\nname: “a”`, '2:7', 'a typographic quote (U+201C)'],
  ] as const) {
    if (text.includes('：')) assert.match(String(first(text)), /2:1/);
    else assert.deepEqual(first(text), [at, message], JSON.stringify(text));
  }
  const { config } = parseConfig(
    `${data}\nname: "a\u00a0"\n# b\u00a0:\u00a0\n`
      .replace('a\u00a0"', '\u00a0a\u00a0b"')
      .replace('"\u00a0a', '"a'),
    'grain.yaml',
  );
  assert.equal(config.name, 'a\u00a0b', 'within a text it is a character like any other');
});

test('deep nesting is refused before it is parsed', () => {
  for (const text of ['['.repeat(1e5), '{a: '.repeat(1e5), '- '.repeat(1e5), '? '.repeat(1e5)]) {
    assert.match(first(text)[1]!, /nested more than 64 levels/);
  }
  assert.match(first(`${data}\nname: "${'['.repeat(100)}"`)[1]!, /name cannot be/);
});

test('10,000 mistakes are 20 lines and a number', () => {
  const text = Array.from({ length: 10_000 }, (_, i) => `key${i}: 1`).join('\n');
  const { message, diagnostics } = failure(() => parseConfig(text, 'grain.yaml'));
  const lines = message.split('\n');
  assert.equal(lines.length, 21);
  assert.equal(lines.at(-1), '… and 9981 more mistakes');
  assert.equal(diagnostics.length, 10_001, 'data is missing too');
});

test('a config file in UTF-16 is read, one in Latin-1 is not', () => {
  const file = path.join(folder, 'grain.yaml');
  writeFileSync(file, Buffer.from(`\ufeff${data}\nname: é`, 'utf16le'));
  assert.equal(parseConfigFile(file).config.name, 'é');
  assert.deepEqual(ofFile(Buffer.from(`${data}\nname: é`, 'latin1')), [
    '2:7',
    'byte 0xE9 is not UTF-8 (in WINDOWS-1252: "é")',
  ]);
  assert.match(ofFile(Buffer.from(data, 'utf16le'))[1], /looks like UTF-16LE/);
  assert.deepEqual(ofFile(`${data}\nname: a\0`)[0], '2:8');
});

test('files that are no config', () => {
  assert.match(ofFile('version https://git-lfs.github.com/spec/v1\n')[1], /Git LFS pointer/);
  assert.match(ofFile('a,b\n'.repeat(300_000))[1], /too long for a config/);
  const open = (name: string) => failure(() => parseConfigFile(path.join(folder, name))).message;
  mkdirSync(path.join(folder, 'sub'));
  symlinkSync('loop.yaml', path.join(folder, 'loop.yaml'));
  assert.match(open('sub'), /a folder, not a file/);
  assert.match(open('loop.yaml'), /form a loop/);
  assert.match(open('none.yaml'), /no such file/);
  assert.match(failure(() => parseConfigFile('/dev/null')).message, /a device or a pipe/);
});
