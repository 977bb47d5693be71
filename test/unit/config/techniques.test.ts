import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Technique } from '../../../src/config/techniques/description.ts';
import {
  rivalsOf,
  type TechniqueName,
  techniques,
} from '../../../src/config/techniques/registry.ts';

const all = Object.entries(techniques) as [TechniqueName, Technique][];

/** What of training a technique decides: of two that decide the same, one would be ignored. */
function decides({ parameters = {}, loss, ...of }: Technique): string[] {
  const hooks = [
    'averaging',
    'noise',
    'mixing',
    'ascent',
    'headSteps',
    'competence',
    'stability',
  ] as const;
  const defaults = Object.fromEntries(
    Object.entries(parameters).map(([key, parameter]) => [key, parameter.default]),
  );
  const shape = loss?.(defaults, { names: ['a', 'b'], counts: [3, 1] }) ?? {};
  return [...hooks.filter((hook) => of[hook]), ...Object.keys(shape)];
}

test('every technique decides something, and two that decide the same exclude each other', () => {
  for (const [name, technique] of all) {
    const own = decides(technique);
    assert.ok(own.length > 0, name);
    for (const [other, otherTechnique] of all) {
      if (other === name) continue;
      const common = decides(otherTechnique).filter((what) => own.includes(what));
      assert.ok(
        common.length === 0 || rivalsOf(name).includes(other),
        `${name} and ${other} both decide ${common}`,
      );
      assert.equal(rivalsOf(name).includes(other), rivalsOf(other).includes(name));
    }
  }
});
