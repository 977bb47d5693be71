import { lineFields } from '../../src/cli/commands/solve.ts';
import { aggregators } from '../../src/engine/aggregators/registry.ts';
import { gramOf } from '../../src/engine/gram.ts';
import { type FamilyName, families } from '../unit/engine/families.ts';
import { random } from '../unit/engine/random.ts';
import { Lots } from './bytes.ts';

/** JSON text of a value, or what should have been one. */
type Token = string;

const numbers: Token[] = [
  ...['0', '-0', '1', '-1', '0.1', '3', '1e-9', '1e15', '1e-15', '4294967296', '9007199254740993'],
  ...['5e-324', '-5e-324', '2.2250738585072014e-308', '1e-162', '1e-146', '1e146', '1e154'],
  ...['1.3407807929942597e154', '1e155', '-1e155', '1e308', '-1e308', '1.7976931348623157e308'],
  ...['1e999', '-1e999', '1e-999', '123456789012345678901234567890', 'null'],
];

const oddities: Token[] = [
  ...['NaN', 'Infinity', '-Infinity', 'undefined', 'true', 'false', '""', '"1"', '"grain"'],
  ...['[]', '[[]]', '[null]', '{}', '{"length":2}', '01', '1.', '.5', '+1', '1e', '0x10', '1_000'],
  ...[
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\u{1f33e}"',
    '"\u202e"',
    '"__proto__"',
    '\ufeff1',
  ],
];

const foreignKeys = [
  '__proto__',
  'constructor',
  'toString',
  'gramm',
  '',
  'Gram',
  '\\ud800',
  'weights',
];

/**
 * Lines for `grain solve`, from valid through slightly wrong to no JSON at all: the same seed, the same lines. None holds a line
 * break or is blank, so each wants one answer. Aggregators, their parameters and the fields of a line come from the source.
 */
export function* fuzzLines(seed: number): Generator<Buffer> {
  const lots = new Lots(random(seed));
  for (;;) {
    const line = Buffer.from(mutated(lineOf(lots), lots));
    const bytes = lots.chance(0.15) ? withBadBytes(line, lots) : line;
    const whole = Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)));
    yield whole.toString().trim() === '' ? Buffer.from('?') : whole;
  }
}

function lineOf(lots: Lots): string {
  const fields = new Map<string, Token>();
  const rows = gradients(lots);
  const k = rows.length;
  const isGram = lots.chance(0.6);
  fields.set(isGram ? 'gram' : 'gradients', matrix(isGram ? gramRows(rows) : rows, lots));
  const name = lots.of(Object.keys(aggregators));
  if (lots.chance(0.8)) fields.set('aggregator', JSON.stringify(name));
  if (lots.chance(0.3))
    fields.set('sizes', list(Array.from({ length: k }, () => 1 + lots.upTo(9))));
  if (lots.chance(0.3)) fields.set('zeroGroups', lots.of(['"drop"', '"stop"', '"error"']));
  if (lots.chance(0.5)) fields.set('parameters', parameters(name, lots));
  for (const field of lineFields) {
    if (!fields.has(field) && lots.chance(0.02)) fields.set(field, anything(lots));
  }
  const entries = [...fields].filter(([field]) => lineFields.includes(field));
  if (lots.chance(0.1)) entries.splice(lots.upTo(entries.length), lots.upTo(2));
  if (lots.chance(0.1)) entries.push([lots.of(foreignKeys), anything(lots)]);
  if (lots.chance(0.1)) entries.push([lots.of(lineFields), anything(lots)]); // often a key given twice
  if (lots.chance(0.1)) entries.reverse();
  return `{${entries.map(([key, token]) => `"${key}":${token}`).join(',')}}`;
}

/** A description may name parameters, each with its default; on aggregators without any there is nothing to name. */
function parameters(name: string, lots: Lots): Token {
  const description: object = aggregators[name as keyof typeof aggregators];
  const known = 'parameters' in description ? Object.entries(description.parameters as object) : [];
  const chosen = known.filter(() => lots.chance(0.7));
  const entries = chosen.map(([key, { default: usual }]) => [
    key,
    lots.chance(0.6) ? JSON.stringify(usual) : lots.of(numbers),
  ]);
  if (lots.chance(0.1)) entries.push([lots.of(foreignKeys), lots.of(numbers)]);
  return `{${entries.map(([key, token]) => `"${key}":${token}`).join(',')}}`;
}

function gradients(lots: Lots): Float64Array[] {
  const family = lots.of(Object.keys(families) as FamilyName[]);
  const k = lots.chance(0.005) ? 64 + lots.upTo(200) : 1 + lots.upTo(9);
  const d = 2 + lots.upTo(8);
  const rows = families[family](k, d, lots.random);
  if (lots.chance(0.2)) rows[lots.upTo(rows.length)] = new Float64Array(rows[0]!.length);
  const scale = lots.chance(0.2) ? 10 ** (310 * (2 * lots.random.uniform() - 1)) : 1;
  return rows.map((row) => row.map((x) => scale * x));
}

function gramRows(rows: readonly Float64Array[]): Float64Array[] {
  const gram = gramOf(rows);
  const k = rows.length;
  return rows.map((_, i) => gram.subarray(i * k, (i + 1) * k));
}

function list(values: ArrayLike<number>): Token {
  return `[${Array.from(values, (x) => (Number.isFinite(x) ? String(x) : 'null')).join(',')}]`;
}

/** The matrix, or something like it. */
function matrix(rows: readonly Float64Array[], lots: Lots): Token {
  const tokens = rows.map((row) =>
    Array.from(row, (x): Token => (Number.isFinite(x) ? String(x) : 'null')),
  );
  const one = () => lots.of(tokens);
  switch (lots.upTo(12)) {
    case 0:
    case 1:
      for (let n = lots.upTo(4); n >= 0; n--) one()[lots.upTo(one().length)] = lots.of(numbers);
      break;
    case 2:
      for (const row of tokens) for (const at of row.keys()) row[at] = lots.of(numbers);
      break;
    case 3:
      one()[lots.upTo(one().length)] = lots.of(oddities);
      break;
    case 4:
      one().splice(lots.upTo(3), lots.upTo(3));
      break;
    case 5:
      tokens.splice(lots.upTo(tokens.length), lots.upTo(3));
      break;
    case 6:
      return lots.chance(0.5) ? anything(lots) : manyRows(lots);
  }
  const texts = tokens.map((row) => `[${row.join(',')}]`);
  if (lots.chance(0.02)) texts[lots.upTo(texts.length)] = anything(lots);
  return `[${texts.join(',')}]`;
}

/** More groups than anyone has, in few bytes. */
function manyRows(lots: Lots): Token {
  const k = lots.chance(0.02) ? 10 ** (3 + lots.upTo(3)) : lots.upTo(100);
  return `[${new Array(k).fill(lots.of(['[]', '[1]', '[0]', '[null]', '[1e308]'])).join(',')}]`;
}

function anything(lots: Lots): Token {
  if (lots.chance(0.4)) return lots.of(numbers);
  if (lots.chance(0.5)) return lots.of(oddities);
  if (lots.chance(0.5)) return list(Array.from({ length: lots.upTo(5) }, () => lots.upTo(9) - 4));
  const depth = 10 ** lots.upTo(6);
  const [open, close] = lots.of([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"gram":[[', ']]}'],
  ])!;
  return open!.repeat(depth) + (lots.chance(0.7) ? `0${close!.repeat(depth)}` : '');
}

/** The text cut off, doubled, or with a piece moved. */
function mutated(line: string, lots: Lots): string {
  const at = lots.upTo(line.length);
  switch (lots.upTo(24)) {
    case 0:
      return line.slice(0, at);
    case 1:
      return line.slice(at);
    case 2:
      return line + line;
    case 3:
      return line.slice(0, at) + lots.of([...numbers, ...oddities]) + line.slice(at);
    case 4:
      return line.slice(0, at) + line.slice(at + 1 + lots.upTo(4));
    case 5:
      return `${lots.of([' ', '\t', '\r', '\ufeff', '\u2028', '['])}${line}\r`;
    default:
      return line;
  }
}

/** Bytes replaced, which may leave no UTF-8. */
function withBadBytes(line: Buffer, lots: Lots): Buffer {
  const bytes = Buffer.from(line);
  for (let n = lots.upTo(4); n >= 0; n--) bytes[lots.upTo(bytes.length)] = lots.upTo(256);
  return bytes;
}
