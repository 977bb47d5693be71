import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { pointsOf } from '../../../src/config/points.ts';
import { RunSessions } from '../../../src/experiment/runSessions.ts';
import { closeSession, openSession } from '../../../src/training/session.ts';
import { tinyTexts, writeTinyBert } from '../training/tinyCheckpoint.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-sessions-'));
before(() => writeTinyBert(path.join(folder, 'bert')));
after(() => rmSync(folder, { recursive: true }));

const seed = { init: 0, order: 0 };

test('a grid over model and groups reads its data once, however many points it has', async () => {
  const texts = path.join(folder, 'texts.tsv');
  writeFileSync(texts, tinyTexts([5, 3, 4, 2, 6, 3]));
  const config = `model: { from: ./bert, adapter: { lora: {} } }
data: { train: texts.tsv, validation: texts.tsv, text: text, target: answer }
batchSize: 4
grid: { model.adapter.lora.rank: [1, 2, 3, 4, 5], groups.count: [2, 4] }
device: wasm
`;
  const whole = parseConfig(config, path.join(folder, 'grain.yaml'));
  const points = pointsOf(whole.config);
  const parsed = whole.at(points[0]!);
  const session = await openSession(parsed, () => {});
  rmSync(texts);
  try {
    const sessions = new RunSessions(session, parsed);
    for (const point of [...points, ...points]) {
      const { task, config } = await sessions.of({ seed, point });
      assert.equal(task.data.train, session.task.data.train);
      assert.deepEqual(
        [config.model.adapter?.lora?.rank, config.groups.count],
        [point['model.adapter.lora.rank'], point['groups.count']],
      );
    }
  } finally {
    await closeSession(session);
  }
});

test('a point that groups by another column reads its data', async () => {
  const rows = ['x,y,hue', '1,a,red', '2,b,red', '3,c,blue', '4,a,blue'].join('\n');
  writeFileSync(path.join(folder, 'rows.csv'), rows);
  const config = `data: { train: rows.csv, validation: rows.csv, target: y, features: [x] }
groups: { by: 'column:hue' }
batchSize: 2
device: cpu
`;
  const parsed = parseConfig(config, path.join(folder, 'grain.yaml'));
  const session = await openSession(parsed, () => {});
  try {
    const sessions = new RunSessions(session, parsed);
    const { task } = await sessions.of({ seed, point: { 'groups.by': 'label' } });
    assert.deepEqual([session.task.data.column?.names, task.data.column], [['blue', 'red'], null]);
  } finally {
    await closeSession(session);
  }
});
