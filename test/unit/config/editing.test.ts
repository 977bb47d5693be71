import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completionsAt } from '../../../src/config/editing/completions.ts';
import { helpAt } from '../../../src/config/editing/help.ts';
import { placeAt } from '../../../src/config/editing/place.ts';

/** What is offered where the text has a bar. */
function offered(text: string) {
  const offset = text.indexOf('|');
  const { items, start } = completionsAt(text.replace('|', ''), offset);
  return { labels: items.map(({ label }) => label), word: text.slice(start, offset) };
}

const data = 'data: { train: a.csv, validation: b.csv, target: y }\n';

test('at the beginning of a line: the keys of the section that are not written yet', () => {
  const top = offered(`${data}ste|\n`);
  assert.equal(top.word, 'ste');
  assert.ok(top.labels.includes('steps') && top.labels.includes('optimizer'));
  assert.ok(!top.labels.includes('data'), 'written already');
  const block = offered(`${data}optimizer:\n  name: adamw\n  |\nsteps: 3\n`).labels;
  assert.ok(block.includes('learningRate') && !block.includes('name') && !block.includes('steps'));
  assert.ok(offered('|').labels.includes('task'), 'in an empty file');
});

test('between braces keys, between brackets values', () => {
  assert.ok(offered(`${data}optimizer: { name: adamw, wei| }`).labels.includes('weightDecay'));
  assert.ok(offered(`${data}optimizer: { wei| warmup: 0.1 }`).labels.includes('weightDecay'));
  assert.ok(offered(`${data}aggregate: [grain, |]`).labels.includes('mean'));
  assert.ok(offered(`${data}aggregate:\n  - gr|\n`).labels.includes('grain-normalized'));
  const entry = offered(`${data}aggregate:\n  - { name: cagrad, | }\n`).labels;
  assert.ok(entry.includes('c') && entry.includes('smoothing') && !entry.includes('beta'));
});

test('behind a key its values', () => {
  assert.deepEqual(offered(`${data}task: |\n`).labels, [
    'classification',
    'regression',
    'generation',
  ]);
  assert.deepEqual(offered(`${data}optimizer: { name: a| }`).labels, ['sgd', 'adamw']);
  assert.deepEqual(offered(`data:\n  standardize: t|\n`).labels, ['true', 'false']);
  assert.ok(offered(`${data}groups: { by: | }`).labels.includes('microbatch'));
});

test('in comments, and where anything may stand, nothing is offered', () => {
  assert.deepEqual(offered(`${data}# ta|`).labels, []);
  assert.deepEqual(offered(`${data}name: d|`).labels, []);
  assert.deepEqual(offered(`${data}bogus: { x| }`).labels, []);
});

test('hovering explains a key, and the name of an aggregator', () => {
  const text = `${data}aggregate: [grain, mean]\noptimizer:\n  warmup: 0.1\n`;
  const help = (word: string) => {
    const place = placeAt(text, text.indexOf(word) + 1);
    return place && helpAt(text, place);
  };
  assert.match(
    help('warmup') ?? '',
    /^\*\*optimizer\.warmup\*\*: a number from 0 to 1\n\nFraction of the steps/,
  );
  assert.match(help('grain,') ?? '', /^\*\*grain\*\*: /);
  assert.match(help('aggregate') ?? '', /aggregators to compare/);
  assert.equal(placeAt('# only a comment', 3), null);
});
