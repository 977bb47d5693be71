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
  steps: '400',
  evaluateEvery: '400',
  checkpointEvery: '50',
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
  if (skip === false) cluster = await startCluster(3);
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

test('programs end, fail, lose their node and are cancelled on the cluster, and run again there', {
  skip,
}, async () => {
  const root = programProject(`
    import { appendFileSync, readFileSync } from 'node:fs';
    const [, , seed, aggregator] = process.argv;
    const folder = process.env.GRAIN_RUN_FOLDER;
    console.log(aggregator, folder);
    if (seed === '1') { console.error('no luck'); process.exit(3); }
    if (seed === '2') {
      const own = folder + '/progress.txt';
      appendFileSync(own, process.env.RAY_RAYLET_PID + '\\n');
      console.log('attempts:', readFileSync(own, 'utf8').trim().split('\\n').length);
      setInterval(() => {}, 1000);
    }
    process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });
  `);
  const textOf = (name: string) => (run: { readonly folder: string }) => {
    const file = path.join(run.folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const [outputOf, progressOf] = [textOf('output.log'), textOf('progress.txt')];
  const launch = startGrain(['run', 'grain.yaml', '--json'], root, env);
  const begun = await runsOnce(
    root,
    launch,
    (all) => all.length === 3 && all.some(progressOf) && all.every(outputOf),
  );
  await cluster.kill(Number(progressOf(begun.find(progressOf)!)));
  // Elsewhere it has its folder as it was, and what it printed.
  await runsOnce(root, launch, (all) => all.some((run) => outputOf(run).includes('attempts: 2')));
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
  assert.match(outputOf(two!), /attempts: 1\n(.*\n)?grain .*\nattempts: 2\nasked to stop\n/);
  assert.ok(
    stderr.includes(`${two!.id}: its process or node was lost; it is started again on node`),
  );

  writeFileSync(path.join(root, 'train.mjs'), 'console.log("better luck")');
  const again = await grain(['run', '--resume', result.experiment.id], root, env);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stderr, /Ray at /);
  for (const run of [one!, two!]) assert.match(outputOf(run), /\nbetter luck\n/);
});

test('a node that is lost costs no run its outcome, one that waits can be stopped, and no folders stay behind', {
  skip,
}, async () => {
  const [root, alone] = [temporary(), temporary()];
  writeRings(root, { ...config, seeds: '[0, 1]', aggregate: '[grain, mean]' });
  writeRings(alone, config);
  const launch = startGrain(['run', 'grain.yaml', '--json', '--ray', cluster.address], root, env);
  const begun = await runsOnce(root, launch, (all) => all.some(({ step }) => step > 60));
  await cluster.kill();
  // One node is left, which has a run to train.
  const waiting = begun.filter(({ manifest }) => manifest.seed.init === 1);
  for (const { manifest } of waiting) await new RunStore(root).requestStop(manifest.id);
  const { stdout, stderr } = await launch.ended;
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result, stderr);
  assert.deepEqual(
    result.runs.map((run) => [run.seed.init, run.status]),
    [
      [0, 'finished'],
      [0, 'finished'],
      [1, 'stopped'],
      [1, 'stopped'],
    ],
  );
  assert.match(stderr, /was lost; it is started again on node/);
  assert.deepEqual(scratchFolders(), []);
  const local = await grain(['run', 'grain.yaml'], alone);
  assert.equal(local.status, 0, local.stderr);
  const [ours, theirs] = await Promise.all([root, alone].map(outcomesIn));
  assert.equal(theirs!.length, 2);
  assert.deepEqual(ours, theirs);
  for (const { folder } of begun.filter(({ manifest }) => manifest.seed.init === 0)) {
    const steps = (await readEvents(folder)).flatMap((event) =>
      event.kind === 'step' ? [event.step] : [],
    );
    assert.deepEqual(
      steps,
      [...steps.keys()].map((i) => i + 1),
      'no step lost, none repeated',
    );
  }
});

test('without Ray, or a cluster, nothing is trained and the reason is told', { skip }, async () => {
  const root = temporary();
  writeRings(root, config);
  const { status, stderr } = await grain(['run', 'grain.yaml', '--ray', 'nowhere'], root, env);
  assert.notEqual(status, 0);
  assert.match(stderr, /Ray at nowhere cannot be used/);
});

/** Of the runs of the first seed. */
async function outcomesIn(root: string) {
  const runs = await new RunStore(root).list();
  const first = runs.filter(({ manifest }) => manifest.seed.init === 0);
  const outcomes = await Promise.all(
    first.map(
      async ({ manifest, folder }) => [manifest.aggregator, await outcomeOf(folder)] as const,
    ),
  );
  return outcomes.sort(([a], [b]) => (a < b ? -1 : 1));
}
