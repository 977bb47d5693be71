import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { NO_NOTES, parseTags, readNotes, writeNotes } from '../../../src/runs/notes.ts';
import { RunStore } from '../../../src/runs/store.ts';
import { manifestOf } from './manifest.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-notes-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('notes are kept in the run folder, changed one by one, and listed', async () => {
  const store = new RunStore(root);
  const { path: folder } = store.create(manifestOf('run-1'));
  assert.deepEqual((await store.list())[0]?.notes, NO_NOTES);
  await writeNotes(folder, { starred: true, tags: ['a'] });
  await writeNotes(folder, { note: 'Odd' });
  const expected = { ...NO_NOTES, starred: true, tags: ['a'], note: 'Odd' };
  assert.deepEqual((await store.list())[0]?.notes, expected, 'by a store that knew the run');
  assert.deepEqual((await new RunStore(root).list())[0]?.notes, expected);
});

test('a file that is not notes is as good as none', async () => {
  const { path: folder } = new RunStore(root).create(manifestOf('run-2'));
  for (const text of ['{', '[]', '{"tags": 3}']) {
    writeFileSync(path.join(folder, 'notes.json'), text);
    assert.deepEqual(await readNotes(folder), NO_NOTES);
  }
});

test('tags are separated by commas, each once', () => {
  assert.deepEqual(parseTags(' flat lr, #baseline,, flat lr '), ['baseline', 'flat lr']);
});
