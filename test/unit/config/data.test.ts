import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filled, promptColumns, promptOf } from '../../../src/config/data.ts';
import { configSchema } from '../../../src/config/schema.ts';

const dataWith = (more: object) =>
  configSchema.shape.data.parse({ train: 'a', validation: 'b', target: 'c', ...more });

test('without a prompt: each text and a newline', () => {
  const prompt = promptOf(dataWith({ text: ['{odd', 'b'] }));
  assert.deepEqual(promptColumns(prompt), ['{odd', 'b']);
  assert.equal(
    filled(prompt, (column) => `<${column}>`),
    '<{odd>\n<b>\n',
  );
});

test('places are filled, doubled braces are braces, lone ones are themselves', () => {
  const prompt = promptOf(dataWith({ prompt: '{q}? {{q}} {r} } { {} {q}' }));
  assert.deepEqual(promptColumns(prompt), ['q', 'r']);
  assert.equal(
    filled(prompt, (column) => (column === 'q' ? '{r}' : 'R')),
    '{r}? {q} R } { {} {r}',
  );
});

test('any text can be written, whatever its braces', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '{', '}', '\n'), minLength: 1 }), (text) => {
      const doubled = text.replaceAll(/[{}]/g, '$&$&');
      const prompt = promptOf(dataWith({ prompt: `${doubled}{x}` }));
      assert.equal(
        filled(prompt, () => 'X'),
        `${text}X`,
      );
      assert.deepEqual(promptColumns(prompt), ['x']);
    }),
  );
});
