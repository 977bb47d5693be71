import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { Path } from '../../../src/config/diagnostic.ts';
import { ConfigDocument } from '../../../src/config/document.ts';
import { textAt } from './textAt.ts';

const { tree } = fc.letrec<{ tree: unknown; map: object; list: unknown[]; leaf: unknown }>(
  (tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('map'), tie('list')),
    map: fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), tie('tree'), { maxKeys: 4 }),
    list: fc.array(tie('tree'), { maxLength: 4 }),
    leaf: fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.integer(),
      // JSON has no infinity.
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
    ),
  }),
);

function leaves(value: unknown, path: Path = []): [Path, unknown][] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, [...path, i]));
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
}

for (const [language, write] of [
  ['JSON', (value: unknown) => JSON.stringify(value, null, 2)],
  ['JSON in a line', (value: unknown) => JSON.stringify(value)],
  ['YAML', (value: unknown) => stringify(value, { lineWidth: 0 })],
  ['folded YAML', (value: unknown) => stringify(value, { lineWidth: 20 })],
] as const) {
  test(`${language}: the text at the position of any value is that value`, () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = write(value);
        const document = new ConfigDocument(text);
        assert.deepEqual(document.problems, []);
        for (const [path, leaf] of leaves(value)) {
          assert.ok(document.isWritten(path));
          const position = document.position(path);
          const written = textAt(text, position);
          // Quotes are left out of the position, so that a suggestion fits in.
          const quote = text.split('\n')[position.line - 1]![position.column - 2] ?? '';
          const whole = `"'`.includes(quote) && quote !== '' ? quote + written + quote : written;
          const isSame = [written, whole].some((it) => {
            try {
              return String(parse(it, { logLevel: 'silent' })) === String(leaf);
            } catch {
              return false;
            }
          });
          // Block scalars mean nothing without their indentation.
          assert.ok(isSame || /^[|>]/.test(written), `${JSON.stringify(written)} for ${leaf}`);
        }
      }),
      { numRuns: 200 },
    );
  });
}

test('what is not written is at the key of its nearest ancestor', () => {
  const text = 'a:\n  b:\n    - c: 1\nd:\n';
  const document = new ConfigDocument(text);
  const at = (path: Path) => textAt(text, document.position(path));
  assert.equal(at(['a', 'b', 0, 'x', 'y']), 'c: 1\n', 'an item without a key');
  assert.equal(at(['a', 'b', 3]), 'b');
  assert.equal(at(['a', 'x']), 'a');
  assert.equal(at(['d']), 'd');
  assert.equal(at(['a', 'b']), 'b', 'a block is at its key');
  assert.equal(document.isWritten(['a', 'x']), false);
  assert.equal(document.isWritten(['d']), true);
});

test('aliases lead to what they stand for', () => {
  const text = 'a: &it { b: 1 }\nc: *it\n';
  const document = new ConfigDocument(text);
  assert.ok(document.isWritten(['c', 'b']));
  assert.equal(textAt(text, document.position(['c', 'b'])), '1');
});
