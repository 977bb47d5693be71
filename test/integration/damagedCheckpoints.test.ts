import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { grain } from './grain.ts';
import { writeRings } from './rings.ts';

/** A run whose process was killed before it could log its end, with the checkpoints of steps 30 and 20 and its best one. */
describe('a run whose files are damaged', () => {
  const base = mkdtempSync(path.join(tmpdir(), 'grain-damaged-'));
  const original = path.join(base, 'original');
  after(() => rmSync(base, { recursive: true, maxRetries: 5 }));

  let id: string;
  before(async () => {
    const intervals = { steps: '30', evaluateEvery: '10', checkpointEvery: '10' };
    writeRings(original, { ...intervals, keepCheckpoints: '2', aggregate: '[grain]' });
    const { status, stderr } = await grain(['run', 'grain.yaml'], original);
    assert.equal(status, 0, stderr);
    [id = ''] = readdirSync(path.join(original, '.grain', 'runs'));
  });

  const events = (root: string) => path.join(root, '.grain', 'runs', id, 'events.jsonl');
  const checkpoints = (root: string) => path.join(root, '.grain', 'runs', id, 'checkpoints');
  const predictions = (root: string) =>
    readFileSync(path.join(root, '.grain', 'runs', id, 'predictions.jsonl'), 'utf8');

  /** A copy of the run, interrupted. @param until the log's last step */
  function interrupted(name: string, until = 30): string {
    const root = path.join(base, name);
    cpSync(original, root, { recursive: true });
    const lines = readFileSync(events(root), 'utf8').trimEnd().split('\n');
    const kept = lines.filter((line) => {
      const { kind, step = 0 } = JSON.parse(line);
      return kind !== 'end' && step <= until;
    });
    writeFileSync(events(root), `${kept.join('\n')}\n`);
    rmSync(path.join(root, '.grain', 'runs', id, 'predictions.jsonl'));
    return root;
  }

  const resume = (root: string, ...more: string[]) => grain(['run', '--resume', id, ...more], root);

  test('resumes from the checkpoint before, names the damage, and ends with the same predictions', async () => {
    const root = interrupted('damaged');
    appendFileSync(path.join(checkpoints(root), 'step-000030', 'weights.bin'), 'x');
    const { status, stderr } = await resume(root);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /step-000030.weights\.bin is damaged: .*\. The run resumes from step 20/);
    assert.equal(predictions(root), predictions(original));
  });

  test('resumes from the best if asked', async () => {
    const root = interrupted('best');
    const { best } = JSON.parse(readFileSync(path.join(checkpoints(root), 'index.json'), 'utf8'));
    const { status, stderr } = await resume(root, '--from', 'best');
    assert.equal(status, 0, stderr);
    const starts = readFileSync(events(root), 'utf8').match(/"fromStep":\d+/g);
    assert.equal(starts!.at(-1), `"fromStep":${Number(best.slice(5, 11))}`);
    assert.equal(predictions(root), predictions(original));
  });

  test('a log that was cut off gets its steps back from an earlier checkpoint', async () => {
    const root = interrupted('cut', 25);
    const { status, stderr } = await resume(root);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /of step 30, but the run's log, events\.jsonl, ends at step 25/);
    const steps = readFileSync(events(root), 'utf8').match(/"kind":"step"/g);
    assert.equal(steps!.length, 30);
  });

  test('without its log it fails, and does not count as finished', async () => {
    const root = interrupted('deleted');
    rmSync(events(root));
    const { status, stdout, stderr } = await resume(root);
    assert.equal(status, 1);
    assert.match(stderr + stdout, /events\.jsonl, ends at step 0: it was deleted or cut off/);
    assert.match(stderr + stdout, /start a new run/);
  });
});
