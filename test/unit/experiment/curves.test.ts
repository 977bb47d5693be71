import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesFigure } from '../../../src/experiment/report/figures/curves.ts';
import { standalone } from '../../../src/experiment/report/figures/svg.ts';

const points = [0, 1, 2].map((step) => ({ step, value: step / 2 }));

test('curves alone are an image that needs no page, in the colours of a theme', () => {
  const findings = { metric: 'a < b', methods: [{ method: 'grain' }] };
  const figure = curvesFigure({ curves: [{ method: 'grain', points }], findings }, () => 0);
  const [light, dark] = (['light', 'dark'] as const).map((theme) =>
    standalone(figure!, theme, 440),
  );
  for (const image of [light!, dark!]) {
    assert.match(
      image,
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]* width="440"[^>]*><style>/,
    );
    assert.ok(image.includes('aria-label="a &lt; b over steps'));
    const used = [...image.matchAll(/var\((--\w+)\)/g)].map(([, name]) => name!);
    for (const name of used) assert.ok(image.includes(`${name}: `), `${name} has a value`);
  }
  assert.notEqual(light, dark);
});

test('a single validation makes no curve', () => {
  const findings = { metric: 'loss', methods: [{ method: 'grain' }] };
  const curves = [{ method: 'grain', points: points.slice(0, 1) }];
  assert.equal(
    curvesFigure({ curves, findings }, () => 0),
    null,
  );
});
