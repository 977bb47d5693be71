import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { loadTabularData } from '../../../src/data/loadTabular.ts';
import {
  readableExamples,
  validationFiles,
  validationFingerprint,
} from '../../../src/data/readableExamples.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-readable-'));
after(() => rmSync(root, { recursive: true, force: true }));

function configOf(data: string, rest = '') {
  return parseConfig(
    `task: regression
model: { architecture: mlp, hidden: [4] }
data: { train: rows.csv, target: y, ${data} }
groups: { by: column:source }
${rest}`,
    path.join(root, 'grain.yaml'),
  );
}

async function examplesOf(parsed: ReturnType<typeof configOf>) {
  const examples = [];
  for await (const it of readableExamples(await validationFiles(parsed), parsed)) examples.push(it);
  return examples;
}

describe('the validation examples as a person reads them', () => {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const x = i % 9 === 4 ? '' : String(i);
    const source = i % 2 === 0 ? 'even' : 'odd';
    return `${x},${source},${2 * i}`;
  });

  test('are those that a run is validated on: drawn from train, and without incomplete rows', async () => {
    writeFileSync(path.join(root, 'rows.csv'), ['x,source,y', ...rows].join('\n'));
    const parsed = configOf('validation: { share: 0.25, seed: 3 }, dropIncomplete: true');
    const file = path.join(root, 'rows.csv');
    const loaded = await loadTabularData(parsed, { train: [file], validation: [file] }, () => {});
    const examples = await examplesOf(parsed);
    assert.equal(examples.length, loaded.validation.count);
    examples.forEach(({ index, parts, group }, i) => {
      assert.equal(index, i);
      assert.deepEqual(
        parts.map(({ name }) => name),
        ['x'],
      );
      assert.equal(2 * Number(parts[0]!.text), loaded.validation.targets[i]);
      assert.match(group!, /^(even|odd)$/);
    });
    assert.equal(await validationFingerprint([file], parsed), loaded.fingerprints.validation);
  });

  test('a row whose group is missing is an example all the same', async () => {
    writeFileSync(path.join(root, 'dev.csv'), 'x,source,y\n1,,2\n,even,4\n3,odd,6\n');
    const examples = await examplesOf(configOf('validation: dev.csv, dropIncomplete: true'));
    assert.deepEqual(
      examples.map(({ parts, group }) => [parts[0]!.text, group]),
      [
        ['1', ''],
        ['3', 'odd'],
      ],
    );
  });
});
