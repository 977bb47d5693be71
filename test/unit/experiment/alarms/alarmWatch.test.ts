import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { AlarmWatch } from '../../../../src/experiment/alarms/alarmWatch.ts';
import { DerivedAlarms } from '../../../../src/experiment/alarms/derivedAlarms.ts';
import { type RunAlarm, withAlarm } from '../../../../src/runs/alarms.ts';
import type { RunEvent } from '../../../../src/runs/events.ts';
import { EventWriter } from '../../../../src/runs/eventWriter.ts';
import { indexFolder } from '../../../../src/runs/index/head.ts';
import { RunIndex } from '../../../../src/runs/index/runIndex.ts';
import { RunLog } from '../../../../src/runs/runLog.ts';
import { readEvents } from '../../../../src/runs/tail.ts';
import {
  alarmsIn,
  orthogonal,
  runOf,
  scaled,
  stepOf,
  steps,
  told,
  validationOf,
} from './streams.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-alarms-'));
after(() => rmSync(folder, { recursive: true }));

/** Explodes at step 5, calms down, and has a group that is not finite at step 50. */
const eventful: RunEvent[] = [
  validationOf(0),
  ...steps(1, 4),
  ...steps(5, 9, { losses: [80, 80, 80, 80] }),
  ...steps(10, 49),
  validationOf(49, { metrics: { loss: 90 } }),
  stepOf(50, { losses: [1, null, 1, 1] }),
  ...steps(51, 80),
];

/** A step of a run that trains: losses that fall with noise, gradients of any length, usual weights. */
const healthy = fc
  .array(fc.array(fc.double({ min: 0.7, max: 1.4, noNaN: true }), { minLength: 4, maxLength: 4 }), {
    minLength: 20,
    maxLength: 60,
  })
  .map((noise) =>
    noise.map((of, i) =>
      stepOf(i + 1, {
        losses: of.map((factor) => factor * 0.97 ** i),
        gram: orthogonal(of.map((factor) => factor * 0.95 ** i)),
        weights: of.map((factor) => factor / of.reduce((sum, other) => sum + other, 0)),
      }),
    ),
  );

test('a healthy run raises nothing', () => {
  fc.assert(
    fc.property(healthy, (events) => {
      assert.deepEqual(told(alarmsIn(runOf({ steps: events.length }), events)), []);
    }),
    { numRuns: 100 },
  );
});

test('a run of which nothing ever changes raises nothing', () => {
  assert.deepEqual(
    told(alarmsIn(runOf(), [validationOf(0), ...steps(1, 300), validationOf(300)])),
    [],
  );
});

test('alarms do not depend on the scale of gradients or, in a regression, of losses', () => {
  const run = runOf({ task: 'regression' });
  const expected = told(alarmsIn(run, eventful));
  assert.equal(expected.length, 5, String(expected));
  for (const scale of [2 ** -20, 2 ** 10]) {
    for (const loss of [2 ** -12, 2 ** 30]) {
      const events = eventful.map((event) => scaled(event, scale, loss));
      assert.deepEqual(told(alarmsIn(run, events)), expected);
    }
  }
});

test('what was not finite raises the same alarms before and after it was written', () => {
  const nonFinite = [Number.NaN, Number.POSITIVE_INFINITY].map((value) =>
    stepOf(3, { losses: [1, 1, value, 1], gram: orthogonal([1, value, 1, 1]) }),
  );
  for (const event of nonFinite) {
    const events = [...steps(1, 2), event, ...steps(4, 30)];
    const reread = events.map((it) => JSON.parse(JSON.stringify(it)));
    assert.deepEqual(alarmsIn(runOf(), events), alarmsIn(runOf(), reread));
  }
});

test('rules that are off raise nothing', () => {
  const watch = new AlarmWatch(runOf(), ['exploding-loss', 'loss-spike']);
  const alarms = eventful.flatMap((event) => watch.observe(event));
  assert.deepEqual(told(alarms), ['non-finite raised 50', 'non-finite cleared 70']);
});

test('a run killed after any event has, once resumed, each alarm once', async () => {
  const run = runOf();
  const expected = told(alarmsIn(run, eventful));
  const observed = (events: readonly RunEvent[]) =>
    told(events.filter((event) => event.kind === 'alarm'));
  for (const killedAt of [0, 3, 7, 8, 9, 10, 31, 52, 53, 60, eventful.length]) {
    rmSync(path.join(folder, 'events.jsonl'), { force: true });
    const writer = EventWriter.open(folder);
    const watch = new AlarmWatch(run);
    for (const [i, event] of eventful.slice(0, killedAt).entries()) {
      writer.append(event);
      // The process is killed before it writes the alarms of its last event.
      if (i === killedAt - 1) break;
      for (const alarm of watch.observe(event)) writer.append({ kind: 'alarm', at: 0, ...alarm });
    }
    writer.close();
    const log = await RunLog.open(folder, {
      manifest: run,
      onEvent: () => {},
      assertHeld: () => {},
      observer: new AlarmWatch(run),
    });
    log.start(0);
    for (const event of eventful.slice(killedAt)) {
      if (event.kind === 'step') log.step(event);
      if (event.kind === 'validation') log.validation(event);
    }
    log.end('finished');
    log.close();
    assert.deepEqual(observed(await readEvents(folder)), expected, `killed after ${killedAt}`);
  }
});

test('alarms of a trainer that logs none follow from its facts, and are found once', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'grain-foreign-'));
  t.after(() => rmSync(root, { recursive: true }));
  const run = { folder: root, manifest: runOf() };
  const writer = EventWriter.open(root);
  for (const event of eventful) writer.append(event);
  const index = await RunIndex.open(run);
  const follower = new DerivedAlarms(run);
  const alarms = async (of = new DerivedAlarms(run)) => {
    await index.refresh();
    return (await of.read(index)).map(({ rule, step, clearedAt }) => [rule, step, clearedAt]);
  };
  const derived = await alarms(follower);
  assert.deepEqual(derived[0], ['exploding-loss', 7, 29]);
  assert.deepEqual(
    derived,
    alarmsIn(run.manifest, eventful)
      .reduce<readonly RunAlarm[]>(withAlarm, [])
      .map(({ rule, step, clearedAt }) => [rule, step, clearedAt]),
  );

  // What was found is kept beside the index: the log is not read for it again, unless it has grown.
  const kept = path.join(indexFolder(root), 'alarms.json');
  const { alarms: found, ...of } = JSON.parse(readFileSync(kept, 'utf8'));
  assert.equal(found.length, derived.length);
  writeFileSync(kept, JSON.stringify({ ...of, alarms: [] }));
  assert.deepEqual(await alarms(), []);
  writeFileSync(kept, JSON.stringify({ ...of, rules: 0, alarms: [] }));
  assert.deepEqual(await alarms(), derived);
  for (const event of steps(1000, 1002, { losses: [80, 80, 80, 80] })) writer.append(event);
  const more = await alarms(follower);
  assert.equal(more.length, derived.length + 1);
  assert.deepEqual(await alarms(), more);

  writer.append({
    kind: 'alarm',
    at: 0,
    step: 7,
    rule: 'of-its-own',
    state: 'raised',
    message: 'Its own.',
    figures: {},
    groups: [],
  });
  assert.deepEqual(await alarms(follower), [['of-its-own', 7, null]]);
  writer.close();
});
