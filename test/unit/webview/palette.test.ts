import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { wcagContrast } from 'culori';
import * as palette from '../../../webview/charts/palette.ts';

/** The colours that charts are made from, in VS Code's built-in themes; high contrast defines no orange. */
const themes = ['dark', 'light', 'highContrast', 'highContrastLight'].map((name) => {
  const file = new URL(`../../webview/themes/${name}.json`, import.meta.url);
  const variables = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const background = variables['--vscode-editor-background']!;
  const chart = (colour: string) =>
    palette.legible(variables[`--vscode-charts-${colour}`] ?? '#ea5c00', background);
  const [blue, orange, green, purple, red, yellow] = [
    'blue',
    'orange',
    'green',
    'purple',
    'red',
    'yellow',
  ].map(chart) as [string, string, string, string, string, string];
  const anchors = [blue, orange, green, purple, red, yellow];
  const hues = [...anchors, palette.between(blue, green), palette.between(purple, red)];
  const colours = palette.distinctColours(hues, background);
  const lines = palette.lineColours(hues, background);
  const foreground = variables['--vscode-foreground']!;
  return { name, background, foreground, anchors, colours, lines };
});

for (const { name, background, foreground, anchors, colours, lines } of themes) {
  describe(`palette in the ${name} theme`, () => {
    test('lines stand out from the background: contrast of at least 3', () => {
      for (const colour of anchors) assert.ok(wcagContrast(colour, background) >= 3, colour);
    });

    test('sixteen colours are distinguishable, also for colour-blind viewers', () => {
      assert.equal(colours.length, 16);
      assert.ok(leastSeparation(colours.slice(0, 8)) > 0.06, 'the first eight, clearly');
      assert.ok(leastSeparation(colours) > 0.04, 'all sixteen, at twice what is just noticed');
      for (const colour of colours) assert.ok(wcagContrast(colour, background) >= 2.5, colour);
    });

    test('sixteen lines stand out and are distinguishable, blue and orange first', () => {
      assert.equal(lines.length, 16);
      assert.deepEqual(lines.slice(0, 2), anchors.slice(0, 2));
      assert.ok(leastSeparation(lines.slice(0, 8)) > 0.06, 'the first eight, clearly');
      assert.ok(leastSeparation(lines) > 0.035, 'all sixteen, at more than what is just noticed');
      for (const colour of lines) assert.ok(wcagContrast(colour, background) >= 3, colour);
    });

    test('any number of groups has a colour each', () => {
      for (const count of [1, 2, 8, 16, 17, 64]) {
        const groups = palette.groupColours(colours, count, background);
        assert.equal(groups.length, count);
        assert.equal(new Set(groups).size, count, 'all different');
        for (const colour of groups) assert.match(colour, /^#[0-9a-f]{6}$/);
      }
      assert.deepEqual(palette.groupColours(colours, 5, background), colours.slice(0, 5));
    });

    test('numbers can be read in every cell of the cosine matrix', () => {
      const cosine = palette.divergingScale(anchors[1]!, background, anchors[0]!);
      for (let value = -1; value <= 1; value += 0.05) {
        const cell = cosine(value);
        const text = palette.readable(cell, foreground, background);
        assert.ok(wcagContrast(text, cell) >= 3, `${value.toFixed(2)}: ${text} on ${cell}`);
      }
      assert.ok(
        palette.separation(cosine(-1), cosine(1)) > 0.15,
        'opposed and aligned differ to all eyes',
      );
      assert.ok(palette.separation(cosine(-0.2), cosine(0.2)) > 0.03, 'so do small values');
    });
  });
}

test('a translucent colour of the theme becomes opaque', () => {
  assert.match(palette.legible('rgba(234, 92, 0, 0.33)', '#1f1f1f'), /^#[0-9a-f]{6}$/);
});

test('an invalid colour is rejected', () => {
  assert.throws(() => palette.legible('', '#1f1f1f'), TypeError);
});

function leastSeparation(colours: readonly string[]): number {
  const pairs = colours.flatMap((a, i) =>
    colours.slice(i + 1).map((b) => palette.separation(a, b)),
  );
  return Math.min(...pairs);
}
