import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file: string) =>
  readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');
const claims = read('docs/claims.md');
const question = '**Does GRAIN help?**';

/** Both sentences, from "Yes" to the end of the one that begins with "No". */
function answerIn(page: string): string {
  const [, answer] =
    page.match(/\*\*Does GRAIN help\?\*\* (Yes, [^.]+?(?:\d\.\d[^.]*?)*\. No, [^.]+\.)/) ?? [];
  assert.ok(answer, `${question} has no answer of the form "Yes, …. No, …."`);
  return answer;
}

interface Measured {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A row of the table of measurements of a claim. */
function measured(claim: string, what: string): Measured {
  const section = claims.slice(
    claims.indexOf(`<!-- ${claim} -->`),
    claims.indexOf(`<!-- /${claim} -->`),
  );
  const row = section.split('\n').find((line) => line.startsWith(`| ${what} `));
  assert.ok(row, `docs/claims.md has no row "${what}" in ${claim}`);
  const [value, low, high] = [
    ...row.slice(what.length + 2).matchAll(/[−-]?\d[\d.]*(?:e[−-]?\d+)?/g),
  ].map(([number]) => Number(number.replaceAll('−', '-')));
  return { value: value!, low: low!, high: high! };
}

test('the README and docs/claims.md answer in the same two sentences whether GRAIN helps', () => {
  assert.equal(answerIn(read('README.md')), answerIn(claims));
});

test('the gains that they name are those of the table, and shown', () => {
  const [, source, labels] =
    answerIn(claims).match(
      /on digits it gained ([\d.]+) points of accuracy over the mean with one of four sources mislabelled, and ([\d.]+) points with a quarter of all labels wrong, in micro-batches/,
    ) ?? [];
  for (const [points, setting] of [
    [source, 'digits, by source, one of four mislabelled'],
    [labels, 'digits, 8 micro-batches, a quarter mislabelled'],
  ] as const) {
    assert.ok(points, 'names no gain');
    const { value, low } = measured('regimes', `${setting}: gain of grain in accuracy`);
    const decimals = points.split('.')[1]?.length ?? 0;
    assert.equal((100 * value).toFixed(decimals), points, setting);
    assert.ok(low > 0, setting);
  }
  const [, correlation] =
    answerIn(claims).match(
      /on STS-B ([\d.]+) of Spearman’s correlation with the scores of one of four sources shuffled/,
    ) ?? [];
  const { value, low } = measured(
    'regimes',
    'STS-B, by source, one of four mislabelled: gain of grain in spearman',
  );
  assert.equal(value.toFixed(3), correlation);
  assert.ok(low > 0);
});

test('on every task on which they say that the mean was ahead, it was; no lower spread was shown', () => {
  const [, named] =
    answerIn(claims).match(/the mean was ahead on ([\w, -]+?), and the lower spread/) ?? [];
  assert.ok(named, 'names no tasks');
  const tasks = new Map([
    ['digits', 'digits, 360 images, 8 micro-batches: accuracy'],
    ['STS-B', 'STS-B, 500 pairs: spearman'],
    ['RTE', 'RTE, 500 pairs: accuracy'],
    ['GSM8K', 'GSM8K, 128 problems, LoRA: perplexity'],
  ]);
  for (const task of named.split(/, | and /)) {
    const title = tasks.get(task);
    assert.ok(title, `${task} is not one of the tasks of the claim`);
    const { low, high } = measured('spread', `${title}, grain − mean`);
    const isBehind = title.endsWith('perplexity') ? low > 0 : high < 0;
    assert.ok(isBehind, `${title}: ${low} … ${high}`);
    const spread = measured(
      'spread',
      `${title.replace(/: \w+$/, '')}: standard deviation over seeds, grain over mean`,
    );
    assert.ok(spread.high >= 1, `${task}: ${spread.low} … ${spread.high}`);
  }
});
