import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { keyedRandom } from '../../src/engine/keyedRandom.ts';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { fullReportSchema } from '../../src/experiment/report/fullReport.ts';
import { tasksReportSchema } from '../../src/experiment/report/tasksReport.ts';
import type { RunEvent } from '../../src/runs/events.ts';
import { runFile } from '../../src/runs/grainFolder.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { RunStore } from '../../src/runs/store.ts';
import { manifestOf } from '../unit/runs/manifest.ts';
import { grain } from './grain.ts';
import { writeRings } from './rings.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-report-'));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const EXAMPLES = 400;
const random = keyedRandom('simulated experiment', 0);

function normal(): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(random)));
  return radius * Math.cos(2 * Math.PI * uniformFloat64(random));
}

interface Simulated {
  readonly experiment: string;
  readonly method: string;
  readonly seed: number;
  /** Examples that it gets right, of 400; half of which are "a". */
  readonly correct: number;
  readonly end?: Extract<RunEvent, { kind: 'end' }>;
  readonly changes?: Partial<RunManifest>;
}

/** A run as it would have been left on disk, at the given folder. */
function write(store: RunStore, { experiment, method, seed, correct, end, changes }: Simulated) {
  const manifest = manifestOf(`${experiment}-${method}-seed${seed}`, {
    experiment: { id: experiment, name: 'simulated' },
    aggregator: method,
    seed: { init: seed, order: seed },
    ...changes,
  });
  const { path: folder } = store.create(manifest);
  const accuracy = correct / EXAMPLES;
  const finished = { kind: 'end', at: 3, step: 10, status: 'finished' } as const;
  const events: RunEvent[] = [
    { kind: 'start', at: 1, pid: 1, fromStep: 0 },
    { kind: 'validation', at: 2, step: 10, metrics: { loss: 1 - accuracy, accuracy } },
    end ?? finished,
  ];
  appendFileSync(
    runFile(folder, 'events'),
    events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  );
  if (end) return;
  const lines = Array.from({ length: EXAMPLES }, (_, index) => {
    const target = index % 2 === 0 ? 'a' : 'b';
    const other = target === 'a' ? 'b' : 'a';
    // The seed decides where its mistakes begin.
    const isRight = (index + 7 * seed) % EXAMPLES < correct;
    const prediction = isRight ? target : other;
    return `${JSON.stringify({ index, target, prediction, probabilities: { a: 0.5, b: 0.5 } })}\n`;
  });
  writeFileSync(runFile(folder, 'predictions'), lines.join(''));
}

const values = (n: number, mean: number, std: number) =>
  Array.from({ length: n }, () => Math.round(EXAMPLES * (mean + std * normal())));

const store = new RunStore(root);
const nan = { code: 'nonFiniteLoss', message: 'The loss of group a is NaN at step 4.' } as const;
const full = { code: 'diskFull', message: 'The disk is full.' } as const;

describe('an experiment of known truth', () => {
  // grain is better by 0.06 and varies a fifth as much; the mean has two failed runs.
  const truth = { grain: values(14, 0.86, 0.008), mean: values(14, 0.8, 0.04) };
  const at = { createdAt: '2026-03-04T05:06:07.000Z' };
  for (const [method, all] of Object.entries(truth)) {
    for (const [seed, correct] of all.entries()) {
      write(store, { experiment: 'known', method, seed, correct, changes: at });
    }
  }
  const failed = (failure: typeof nan | typeof full) =>
    ({ kind: 'end', at: 3, step: 4, status: 'failed', failure }) as const;
  write(store, { experiment: 'known', method: 'mean', seed: 14, correct: 100, end: failed(nan) });
  write(store, { experiment: 'known', method: 'mean', seed: 15, correct: 200 });
  write(store, { experiment: 'known', method: 'grain', seed: 14, correct: 340 });
  write(store, { experiment: 'known', method: 'grain', seed: 15, correct: 348 });
  write(store, {
    experiment: 'known',
    method: 'grain',
    seed: 16,
    correct: 340,
    end: { kind: 'end', at: 3, step: 4, status: 'stopped' },
  });
  write(store, { experiment: 'known', method: 'mean', seed: 16, correct: 320, end: failed(full) });

  test('the report finds what was put in, and counts every run', async () => {
    const { status, stdout, stderr } = await grain(['report', 'known', '--json'], root);
    assert.equal(status, 0, stderr);
    const report = fullReportSchema.parse(JSON.parse(stdout));
    const { findings, verdict, agreement, bootstrap, expectedBest } = report;
    const [comparison, ...others] = findings.comparisons;
    assert.deepEqual(others, []);
    const { means, spread, pairs } = comparison!;
    assert.equal(pairs, 16);
    assert.deepEqual([means!.finding, spread!.finding], ['shown', 'shown']);
    assert.ok(means!.interval!.low > 0.02 && spread!.interval!.high < 0.6);
    assert.match(
      verdict.words[0]!,
      /grain varies less over seeds than mean \(.*grain is ahead by 0\.\d+ \(/,
    );

    const [grainFigures, meanFigures] = findings.methods;
    assert.deepEqual([grainFigures!.figures!.n, meanFigures!.figures!.n], [16, 16]);
    const { count, n } = meanFigures!.failures!;
    assert.deepEqual([count, n, grainFigures!.failures!.count], [2, 16, 0]);
    const diverged = findings.runs.find(({ run }) => run === 'known-mean-seed14')!;
    assert.deepEqual(
      [diverged.failed, diverged.value],
      [true, 0.5],
      'at the value of a constant prediction',
    );
    const notes = verdict.notes.join('\n');
    assert.match(
      notes,
      /Failed: 0 of 16 runs of grain and 2 of 16 runs of mean; a constant prediction has accuracy 0\.5\./,
    );
    assert.match(
      notes,
      /mean, seed 14: The loss of group a is NaN at step 4; mean, seed 15: no better than a constant prediction\./,
    );
    assert.match(
      notes,
      /not counted: grain, seed 16: stopped at step \d+ of 10; mean, seed 16: The disk is full\./,
    );
    assert.match(notes, /400 validation examples measure accuracy 0\.8\d+ ± 0\.01\d/);

    // Two runs differ where one of them alone is wrong; their mistakes are stretches of the ring of examples.
    const wrong = (seed: number, correct: number) =>
      Array.from({ length: EXAMPLES }, (_, index) => (index + 7 * seed) % EXAMPLES >= correct);
    const rows = [...truth.grain, 340, 348].map((correct, seed) => wrong(seed, correct));
    const differing = rows.flatMap((one, i) =>
      rows.slice(i + 1).map((other) => one.filter((is, j) => is !== other[j]).length / EXAMPLES),
    );
    const mean = differing.reduce((a, b) => a + b) / differing.length;
    assert.ok(Math.abs(agreement.find(({ method }) => method === 'grain')!.churn - mean) < 1e-12);
    assert.equal(bootstrap.length, 2);
    assert.equal(expectedBest[0]!.values.length, 16);
    const [{ runs, p } = assert.fail()] = report.furtherTests.mannWhitney;
    assert.ok(runs.join() === '16,16' && p < 0.001);
    const [profile] = report.performanceProfiles;
    assert.deepEqual([profile!.points[0]!.share, profile!.points.at(-1)!.share], [1, 0]);
  });

  test('as Markdown: the verdict first, then tables', async () => {
    const { status, stdout, stderr } = await grain(['report', 'known'], root);
    assert.equal(status, 0, stderr);
    const [title, verdict] = stdout.split('\n\n');
    assert.equal(title, '# simulated');
    assert.match(verdict!, /^grain and mean: grain varies less/);
    for (const heading of [
      'accuracy over seeds',
      'Differences',
      'Further tests',
      'Other metrics',
      'Agreement of the seeds',
      'Expected best accuracy of several runs',
      'Runs',
    ]) {
      assert.ok(stdout.includes(`\n## ${heading}\n`), heading);
    }
    for (const table of stdout.split('\n\n').filter((part) => part.startsWith('|'))) {
      assert.equal(
        new Set(
          table
            .trim()
            .split('\n')
            .map((row) => row.split('|').length),
        ).size,
        1,
        table,
      );
    }
  });

  test('as a page that needs nothing else, LaTeX and CSV', async () => {
    const out = (name: string) => path.join(root, name);
    for (const name of ['report.html', 'report.tex', 'report.csv', 'report.json']) {
      const { status, stderr } = await grain(['report', 'known', '--out', out(name)], root);
      assert.equal(status, 0, stderr);
    }
    const html = readFileSync(out('report.html'), 'utf8');
    const at = (text: string) => html.indexOf(text);
    assert.ok(at('grain varies less over seeds than mean') < at('<svg'), 'the verdict first');
    assert.ok(!/<script|src=|href=|@import|url\((?!#)/.test(html), 'no script, nothing to load');
    // A run that diverged stands at the constant prediction, one that did no better too.
    assert.equal(html.match(/class="failed"/g)!.length, 2);
    assert.equal(html.match(/class="point /g)!.length, 30);
    for (const text of [
      '<b>Performance profile.</b>',
      '<details><summary>Tests that the verdict does not go by</summary>',
      'Agreement of the seeds',
      '>Setting<',
      'We fine-tuned with grain and mean',
    ]) {
      assert.ok(at(text) > 0, text);
    }
    const rows = readFileSync(out('report.csv'), 'utf8').trim().split('\n');
    assert.equal(rows.length, 1 + 34);
    assert.match(
      rows[0]!,
      /^run,method,init,order,split,status,counts,failed,value,reason,loss,accuracy$/,
    );
    const tex = readFileSync(out('report.tex'), 'utf8');
    assert.match(tex, /grain & 16 & \$0\.8\d+ \\pm 0\.0\d+\$ .* & 0\/16 \\\\/);
    const json = readFileSync(out('report.json'), 'utf8');
    assert.equal(fullReportSchema.parse(JSON.parse(json)).overExamples[0]!.seeds, 15);
    const unknown = await grain(['report', 'known', '--out', out('report.pdf')], root);
    assert.deepEqual([unknown.status, unknown.stdout], [2, '']);
    assert.match(unknown.stderr, /no extension of a report\. Expected \.html, \.md, \.csv, \.tex/);
  });

  test('another metric; an unknown one is refused by name', async () => {
    const { stdout } = await grain(['report', 'known', '--metric', 'loss', '--json'], root);
    const { findings } = fullReportSchema.parse(JSON.parse(stdout));
    assert.deepEqual([findings.metric, findings.better], ['loss', 'lower']);
    // A run fails by the metric that ranks, whichever is looked at; without a value of this one it is in no mean.
    assert.deepEqual(
      [findings.methods[1]!.failures!.count, findings.methods[1]!.figures!.n],
      [2, 15],
    );
    const wrong = await grain(['report', 'known', '--metric', 'acuracy'], root);
    assert.deepEqual([wrong.status, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /these runs have no metric "acuracy"\. Expected accuracy, loss\./);
  });
});

test('where there is no difference, none is claimed; launches of one config are taken together', async () => {
  const at = { createdAt: '2026-04-04T05:06:07.000Z' };
  const all = { grain: values(10, 0.8, 0.02), mean: values(10, 0.8, 0.02) };
  for (const [method, corrects] of Object.entries(all)) {
    for (const [seed, correct] of corrects.entries()) {
      write(store, {
        experiment: seed < 5 ? 'first' : 'second',
        method,
        seed,
        correct,
        changes: at,
      });
    }
  }
  const both = await grain(['report', 'first', 'second', '--json'], root);
  assert.equal(both.status, 0, both.stderr);
  const { findings, verdict, experiments } = fullReportSchema.parse(JSON.parse(both.stdout));
  assert.deepEqual(
    experiments.map(({ id }) => id),
    ['first', 'second'],
  );
  const [{ means, spread, pairs } = assert.fail()] = findings.comparisons;
  assert.deepEqual([pairs, means!.finding, spread!.finding], [10, 'none', 'none']);
  assert.match(
    verdict.words[0]!,
    /no difference in spread that 10 seeds could show .*no difference that 10 seeds could show/,
  );

  write(store, { experiment: 'again', method: 'mean', seed: 3, correct: 320, changes: at });
  const twice = await grain(['report', 'first', 'again'], root);
  assert.equal(twice.status, 2);
  assert.match(twice.stderr, /first-mean-seed3 and again-mean-seed3 have the same method and seed/);
  const changes = { ...at, config: { optimizer: { learningRate: 1 } } };
  write(store, { experiment: 'other', method: 'mean', seed: 30, correct: 320, changes });
  const other = await grain(['report', 'first', 'other'], root);
  assert.equal(other.status, 2);
  assert.match(
    other.stderr,
    /differ in optimizer\. Expected runs that differ in method and seed alone/,
  );
});

test('several tasks together: scores, a verdict over both, and the page', async () => {
  const args = ['report', '--tasks', 'known', 'tasks-b'];
  const changes = { createdAt: '2026-05-04T05:06:07.000Z', config: { steps: 9 } };
  for (const [method, corrects] of Object.entries({
    grain: [330, 340, 335],
    mean: [300, 310, 290],
  })) {
    for (const [seed, correct] of corrects.entries()) {
      write(store, { experiment: 'tasks-b', method, seed, correct, changes });
    }
  }
  const json = await grain([...args, '--json'], root);
  assert.equal(json.status, 0, json.stderr);
  const { tasks, findings, verdict } = tasksReportSchema.parse(JSON.parse(json.stdout));
  assert.deepEqual(
    tasks.map(({ name, constantPredictor, seeds }) => [name, constantPredictor, seeds.length]),
    [
      ['known', 0.5, 3],
      ['tasks-b', 0.5, 3],
    ],
  );
  // (330/400 − 0.5) / 0.5, and the others.
  assert.deepEqual(
    tasks[1]!.scores[0]!.scores.map((score) => score.toFixed(6)),
    ['0.650000', '0.700000', '0.675000'],
  );
  const [{ one, other, difference } = assert.fail()] = findings.comparisons;
  assert.deepEqual([one, other, difference > 0], ['grain', 'mean', true]);
  assert.match(verdict.words[0]!, /^Over 2 tasks with 3 seeds each/);
  assert.match(verdict.notes.join(' '), /accuracy of known from 0\.5 to 1; accuracy of tasks-b/);
  const out = path.join(root, 'tasks.html');
  const page = await grain([...args, '--out', out], root);
  assert.equal(page.status, 0, page.stderr);
  const html = readFileSync(out, 'utf8');
  assert.ok(html.includes('<b>Performance profile.</b>') && !/NaN|undefined|<script/.test(html));
  const { stdout } = await grain(args, root);
  assert.ok(stdout.startsWith(`# known and tasks-b\n\n${verdict.words[0]}`));
  const loss = await grain([...args, '--metric', 'loss'], root);
  assert.deepEqual([loss.status, loss.stdout], [2, '']);
  assert.match(loss.stderr, /known: loss has no best value.* Expected accuracy, /);
  const alone = await grain(['report', '--tasks', 'known'], root);
  assert.deepEqual([alone.status, alone.stdout], [2, '']);
  assert.match(alone.stderr, /1 task given\. Expected two or more/);
  write(store, { experiment: 'twin', method: 'grain', seed: 0, correct: 320 });
  write(store, { experiment: 'twin', method: 'grain', seed: 1, correct: 330 });
  const twin = await grain(['report', '--tasks', 'known', 'twin'], root);
  assert.deepEqual([twin.status, twin.stdout], [2, '']);
  assert.match(twin.stderr, /known and twin differ in method and seed alone, so they are one task/);
  const csv = await grain([...args, '--format', 'csv'], root);
  assert.equal(csv.status, 2);
});

test('a launch ends with the verdict, and its config names it afterwards', async () => {
  const folder = path.join(root, 'rings');
  mkdirSync(folder);
  writeRings(folder, { steps: '4', evaluateEvery: '4', seeds: '[0, 1]' });
  const none = await grain(['report', 'grain.yaml'], folder);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /no runs of grain\.yaml in .*Train some: grain run grain\.yaml/);
  const run = await grain(['run', 'grain.yaml', '--out', '.', '--json'], folder);
  const result = launchResultSchema.parse(JSON.parse(run.stdout));
  assert.ok('verdict' in result);
  assert.match(
    result.verdict.words[0]!,
    /^grain and mean: not enough seeds to tell their spreads apart/,
  );
  const { stdout, status } = await grain(['report', 'grain.yaml', '--root', '.'], folder);
  assert.equal(status, 0);
  assert.ok(stdout.startsWith(`# rings\n\n${result.verdict.words[0]}`));
});
