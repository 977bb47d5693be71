/** Runs on a Ray cluster of this machine: they end as local ones do, whatever trains them, and survive a node. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { interpreter } from '../python/python.ts';
import { type Cluster, hasRay, startCluster } from '../python/ray.ts';
import { grain, startGrain } from './grain.ts';
import { outcomeOf } from './outcome.ts';
import { writeRings } from './rings.ts';

const config = {
  steps: '1500',
  evaluateEvery: '1500',
  checkpointEvery: '100',
  model: '{ hidden: [32] }',
};

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-ray-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

const skip = hasRay() ? false : 'no Ray in the Python of the tests: npm run test:setup';
const env = { GRAIN_PYTHON: skip === false ? interpreter() : '' };
let cluster: Cluster;

before(async () => {
  if (skip === false) cluster = await startCluster(2);
});

after(async () => {
  if (skip === false) await cluster.close();
});

/** The runs of a folder, once they are as wanted. */
async function runsOnce(
  root: string,
  { child }: ReturnType<typeof startGrain>,
  areWanted: (runs: readonly RunSummary[]) => boolean,
): Promise<readonly RunSummary[]> {
  const store = new RunStore(root);
  for (;;) {
    const runs = await store.list();
    if (areWanted(runs)) return runs;
    assert.equal(child.exitCode, null);
    await sleep(50);
  }
}

/** A project whose runs a script of its own trains. */
function programProject(script: string): string {
  const root = temporary();
  writeFileSync(path.join(root, 'train.mjs'), script);
  const lines = [
    'program: node train.mjs {seed} {aggregator}',
    'aggregate: [grain]',
    'seeds: [0, 1, 2]',
    `ray: { address: "${cluster.address}" }`,
  ];
  writeFileSync(path.join(root, 'grain.yaml'), `${lines.join('\n')}\n`);
  // Whoever opened it would wait for somebody to write.
  execFileSync('mkfifo', [path.join(root, 'a pipe!')]);
  return root;
}

const scratchFolders = () =>
  readdirSync(tmpdir()).filter((name) => existsSync(path.join(tmpdir(), name, '.grain-lock')));

test('programs end, fail and are cancelled on the cluster as here, and run again there', {
  skip,
}, async () => {
  const root = programProject(`
    const [, , seed, aggregator] = process.argv;
    console.log(aggregator, process.env.GRAIN_RUN_FOLDER);
    if (seed === '1') { console.error('no luck'); process.exit(3); }
    if (seed === '2') setInterval(() => {}, 1000);
    process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });
  `);
  const outputOf = ({ folder }: { readonly folder: string }) => {
    const file = path.join(folder, 'output.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const launch = startGrain(['run', 'grain.yaml', '--json'], root, env);
  await runsOnce(
    root,
    launch,
    (all) => all.length === 3 && all.every((run) => outputOf(run).includes('grain-ray-')),
  );
  launch.child.kill('SIGTERM');
  const { status, stdout, stderr } = await launch.ended;
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result, stderr);
  assert.deepEqual(
    result.runs.map((run) => run.status),
    ['finished', 'failed', 'stopped'],
  );
  assert.equal(status, 1, 'one has failed');
  const [zero, one, two] = result.runs;
  assert.match(outputOf(zero!), new RegExp(`^grain .*/${zero!.id}\\n`));
  assert.match(one!.failure!.message, /ended with status 3: grain .*\nno luck$/);
  assert.match(outputOf(two!), /asked to stop\n/);

  writeFileSync(path.join(root, 'train.mjs'), 'console.log("better luck")');
  const again = await grain(['run', '--resume', result.experiment.id], root, env);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stderr, /Ray at /);
  for (const run of [one!, two!]) assert.match(outputOf(run), /\nbetter luck\n/);
});

test('runs that are stopped, trained or waiting, resume on the cluster', { skip }, async () => {
  const root = temporary();
  const long = { ...config, steps: '100000', evaluateEvery: '100000', seeds: '[0, 1]' };
  writeRings(root, long);
  const launch = startGrain(['run', 'grain.yaml', '--json', '--ray', cluster.address], root, env);
  const runs = await runsOnce(
    root,
    launch,
    (all) => all.filter(({ step }) => step > 0).length === 2,
  );
  const { id } = runs[0]!.manifest.experiment;
  const stop = await grain(['stop', id, '--wait'], root);
  assert.equal(stop.status, 0, stop.stderr);
  assert.equal((await launch.ended).status, 130);
  const stopped = await new RunStore(root).list();
  assert.deepEqual(
    stopped.map(({ status }) => status),
    Array(4).fill('stopped'),
  );
  const begun = stopped.find(({ step }) => step > 0)!;
  const again = startGrain(['run', '--resume', begun.manifest.id], root, env);
  await runsOnce(root, again, (all) =>
    all.some(({ folder, step }) => folder === begun.folder && step > begun.step),
  );
  await grain(['stop', begun.manifest.id, '--wait'], root);
  assert.equal((await again.ended).status, 130);
  assert.match((await again.ended).stderr, /Ray at /);
  const steps = (await readEvents(begun.folder)).flatMap((event) =>
    event.kind === 'step' ? [event.step] : [],
  );
  assert.deepEqual(
    steps,
    [...steps.keys()].map((i) => i + 1),
    'no step lost, none repeated',
  );
});

test('a node that is lost costs no run its outcome, and leaves no folders behind', {
  skip,
}, async () => {
  const [root, alone] = [temporary(), temporary()];
  for (const folder of [root, alone]) writeRings(folder, config);
  const launch = startGrain(['run', 'grain.yaml', '--json', '--ray', cluster.address], root, env);
  await runsOnce(root, launch, (all) =>
    all.some(({ folder }) => existsSync(path.join(folder, 'checkpoints/index.json'))),
  );
  await cluster.kill();
  const { status, stdout, stderr } = await launch.ended;
  assert.equal(status, 0, stderr);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result);
  assert.deepEqual(
    result.runs.map((run) => run.status),
    ['finished', 'finished'],
  );
  assert.match(stderr, /was lost; it resumes/);
  assert.deepEqual(scratchFolders(), []);
  const local = await grain(['run', 'grain.yaml'], alone);
  assert.equal(local.status, 0, local.stderr);
  const outcomes = await Promise.all([root, alone].map(outcomesIn));
  assert.deepEqual(outcomes[0], outcomes[1]);
});

test('without Ray, or a cluster, nothing is trained and the reason is told', { skip }, async () => {
  const root = temporary();
  writeRings(root, config);
  const { status, stderr } = await grain(['run', 'grain.yaml', '--ray', 'nowhere'], root, env);
  assert.notEqual(status, 0);
  assert.match(stderr, /Ray at nowhere cannot be used/);
});

/** By aggregator. */
async function outcomesIn(root: string) {
  const runs = await new RunStore(root).list();
  const outcomes = runs.map(async ({ manifest, folder }) => [
    manifest.aggregator,
    await outcomeOf(folder),
  ]);
  return new Map((await Promise.all(outcomes)) as [string, unknown][]);
}
