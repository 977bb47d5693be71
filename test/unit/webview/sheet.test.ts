import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf, markdownOf } from '../../../webview/export/sheet.ts';

const sheet = {
  titles: ['step', 'loss', 'group "a", large|small'],
  rows: [
    [1, 0.1 + 0.2, 'one'],
    [2, null, 'two\nlines'],
    [3, Number.NaN, 'c,d'],
  ],
};

test('CSV with all digits, quoted where it must be, empty where a value is unknown', () => {
  assert.equal(
    csvOf(sheet),
    'step,loss,"group ""a"", large|small"\r\n1,0.30000000000000004,one\r\n2,,"two\nlines"\r\n3,,"c,d"\r\n',
  );
});

test('Markdown with numbers to the right', () => {
  assert.equal(
    markdownOf(sheet),
    [
      '| step | loss | group "a", large\\|small |',
      '| --- | ---: | --- |',
      '| 1 | 0.30000000000000004 | one |',
      '| 2 |  | two lines |',
      '| 3 |  | c,d |',
      '',
    ].join('\n'),
  );
});
