/** Runs on a Ray cluster of this machine, a node of which is killed. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchResultSchema } from '../../src/experiment/launchResult.ts';
import { RunStore } from '../../src/runs/store.ts';
import { hasPython, interpreter } from '../python/python.ts';
import { grain, startGrain } from './grain.ts';
import { outcomeOf } from './outcome.ts';
import { writeRings } from './rings.ts';

const config = {
  steps: '1500',
  evaluateEvery: '1500',
  checkpointEvery: '100',
  model: '{ hidden: [32] }',
};

function hasRay(): boolean {
  if (!hasPython()) return false;
  try {
    execFileSync(interpreter(), ['-c', 'import ray'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-ray-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A head and two nodes. */
async function startCluster() {
  const script = path.join(import.meta.dirname, '../python/ray_cluster.py');
  const child = spawn(interpreter(), ['-W', 'ignore', script, '2'], {
    // Ray would give way to everything else on the machine.
    env: { ...process.env, RAY_worker_niceness: '0' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const address: string = (await lines.next()).value ?? assert.fail('no cluster');
  return {
    address,
    async kill() {
      child.stdin.write('kill\n');
      assert.equal((await lines.next()).value, 'killed');
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

const skip = hasRay() ? false : 'no Ray in the Python of the tests: npm run test:setup';

test('a node that is lost costs no run its outcome', { skip }, async () => {
  const [root, alone] = [temporary(), temporary()];
  for (const folder of [root, alone]) writeRings(folder, config);
  const cluster = await startCluster();
  try {
    const env = { GRAIN_PYTHON: interpreter() };
    const command = ['run', 'grain.yaml', '--json', '--ray', cluster.address];
    const { child, ended } = startGrain(command, root, env);
    const store = new RunStore(root);
    const hasCheckpoint = ({ folder }: { readonly folder: string }) =>
      existsSync(path.join(folder, 'checkpoints/index.json'));
    while (!(await store.list()).some(hasCheckpoint)) {
      assert.equal(child.exitCode, null);
      await sleep(50);
    }
    await cluster.kill();
    const { status, stdout, stderr } = await ended;
    assert.equal(status, 0, stderr);
    const result = launchResultSchema.parse(JSON.parse(stdout));
    assert.ok('runs' in result);
    assert.deepEqual(
      result.runs.map((run) => run.status),
      ['finished', 'finished'],
    );
    assert.match(stderr, /was lost; it resumes/);
  } finally {
    await cluster.close();
  }
  const local = await grain(['run', 'grain.yaml'], alone);
  assert.equal(local.status, 0, local.stderr);
  const outcomes = await Promise.all([root, alone].map(outcomesIn));
  assert.deepEqual(outcomes[0], outcomes[1]);
});

test('without Ray, or a cluster, nothing is trained and the reason is told', { skip }, async () => {
  const root = temporary();
  writeRings(root, config);
  const env = { GRAIN_PYTHON: interpreter() };
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
