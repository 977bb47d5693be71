/** Runs that a program of the user's trains. */
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
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchResultSchema, type Report } from '../../src/experiment/launchResult.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grain, startGrain } from './grain.ts';

const root = mkdtempSync(path.join(tmpdir(), 'grain-program-'));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

/** A project with a script and a config that runs it. */
function project(name: string, script: string, config: Readonly<Record<string, string>>): string {
  const folder = path.join(root, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'train.mjs'), script);
  const lines = Object.entries({ name, ...config }).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(path.join(folder, 'grain.yaml'), lines.join(''));
  return folder;
}

async function reportOf(folder: string, ...args: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await grain(['run', ...args, '--json'], folder);
  const result = launchResultSchema.parse(JSON.parse(stdout));
  assert.ok('runs' in result, stderr);
  return result;
}

const output = ({ folder }: { readonly folder: string }) =>
  readFileSync(path.join(folder, 'output.log'), 'utf8');

test('every method and seed is a run of the program, which gets each value as one argument', async () => {
  const folder = project(
    'arguments',
    `console.log(JSON.stringify(process.argv.slice(2)), process.cwd() === ${JSON.stringify(path.join(root, 'arguments'))});
     if (process.argv[3] === '1') { console.error('no luck'); process.exit(3); }`,
    {
      program: `node train.mjs {aggregator} {seed} "a 'b' {{c}}" lr={learningRate} '$HOME;' last\\ one`,
      optimizer: '{ learningRate: 1e-5 }',
      aggregate: '[grain, mean]',
      seeds: '[0, 1]',
      concurrency: '2',
    },
  );
  const { runs } = await reportOf(folder, 'grain.yaml');
  assert.deepEqual(
    runs.map(({ aggregator, seed, status }) => `${aggregator} ${seed.init} ${status}`),
    ['grain 0 finished', 'mean 0 finished', 'grain 1 failed', 'mean 1 failed'],
  );
  assert.match(
    output(runs[1]!),
    /\["mean","0","a 'b' \{c\}","lr=0\.00001","\$HOME;","last one"\] true/,
  );
  const { failure, id } = runs[2]!;
  assert.match(failure!.message, /^The program ended with status 3: \[.*\] true\nno luck$/);
  assert.match(failure!.advice!, new RegExp(`grain run --resume ${id}`));

  // What failed runs again, in the same folder.
  writeFileSync(path.join(folder, 'train.mjs'), 'console.log(process.env.GRAIN_RUN_FOLDER)');
  const again = await reportOf(folder, '--resume', id);
  assert.deepEqual(
    again.runs.map(({ status, folder }) => [status, folder]),
    [['finished', runs[2]!.folder]],
  );
  assert.ok(output(runs[2]!).includes(`\n${runs[2]!.folder}\n`));
});

/** A process whose parent has ended may stay in the table, ended, until somebody reaps it. */
async function isGone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 200; waited++) {
    try {
      process.kill(pid, 0);
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return true;
    } catch {
      return true;
    }
    await sleep(50);
  }
  return false;
}

test('a request to stop ends the program and what it has started', async () => {
  const folder = project(
    'stopped',
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
     process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });
     writeFileSync('pids', JSON.stringify([process.pid, child.pid]));`,
    { program: 'node train.mjs' },
  );
  const { child, ended } = startGrain(['run', 'grain.yaml', '--json'], folder);
  const pids = async (): Promise<number[]> => {
    for (;;) {
      assert.equal(child.exitCode, null);
      try {
        return JSON.parse(readFileSync(path.join(folder, 'pids'), 'utf8'));
      } catch {
        await sleep(50);
      }
    }
  };
  const started = await pids();
  const [run] = await new RunStore(folder).list();
  assert.equal(run!.status, 'running');
  assert.equal((await grain(['stop', run!.manifest.id, '--wait'], folder)).status, 0);
  assert.equal((await ended).status, 130);
  assert.match(output(run!), /asked to stop/);
  for (const pid of started) assert.ok(await isGone(pid));
  const kinds = (await readEvents(run!.folder)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['start', 'end']);
});

test('a program that is left alone by a kill is not started a second time beside itself', async () => {
  const folder = project(
    'left',
    `import { writeFileSync } from 'node:fs';
     writeFileSync('pids', String(process.pid));
     setInterval(() => {}, 1000);`,
    { program: '[node, train.mjs]' },
  );
  const { child, ended } = startGrain(['run', 'grain.yaml'], folder);
  const store = new RunStore(folder);
  while ((await store.list())[0]?.status !== 'running') await sleep(50);
  child.kill('SIGKILL');
  await ended;
  const [{ manifest } = assert.fail()] = await store.list();
  const again = await reportOf(folder, '--resume', manifest.id);
  const { message } = again.runs[0]!.failure!;
  const pid = Number(/still runs, as process (\d+)/.exec(message)?.[1]);
  process.kill(pid, 'SIGKILL');
});

test('a process that has the id of a program of before does not count as the program', {
  skip: process.platform !== 'linux' && 'only Linux says what a process was started for',
}, async () => {
  const folder = project('other', 'process.exit(1);', { program: 'node train.mjs' });
  const [run] = (await reportOf(folder, 'grain.yaml')).runs;
  const start = { kind: 'start', at: Date.now(), pid: process.pid, fromStep: 0 };
  appendFileSync(path.join(run!.folder, 'events.jsonl'), `${JSON.stringify(start)}\n`);
  writeFileSync(path.join(folder, 'train.mjs'), '');
  const again = await reportOf(folder, '--resume', run!.id);
  assert.equal(again.runs[0]!.status, 'finished');
});

test('a program that cannot be started, and placeholders that nothing fills', async () => {
  const none = project('none', '', { program: 'no-such-program-here {seed}', seeds: '[4]' });
  const { runs } = await reportOf(none, 'grain.yaml');
  assert.match(runs[0]!.failure!.message, /cannot be started: .*no-such-program-here/);
  const wrong = project('wrong', '', { program: 'node train.mjs --lr {learningrate}' });
  const { status, stderr } = await grain(['run', 'grain.yaml'], wrong);
  assert.equal(status, 2);
  assert.match(
    stderr,
    /grain\.yaml:2:10: unknown placeholder \{learningrate\}\. Did you mean node train\.mjs --lr \{learningRate\}\?/,
  );
});
