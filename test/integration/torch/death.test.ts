import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { BackendReport } from '../../../src/backends/order.ts';
import { repeatableFacts } from '../../../src/runs/events.ts';
import { readEvents } from '../../../src/runs/tail.ts';
import { interpreter } from '../../python/python.ts';
import { tinyTexts, writeTinyBert } from '../../unit/training/tinyCheckpoint.ts';
import { type Ended, type Grain, grain, startGrain } from '../grain.ts';

const config = {
  name: 'deaths',
  model: { from: './bert', adapter: { lora: { rank: 2, dropout: 0.1 } } },
  data: { train: 'texts.tsv', validation: 'texts.tsv', text: 'text', target: 'answer' },
  groups: { count: 3 },
  aggregate: [{ name: 'grain', smoothing: 0.5 }],
  batchSize: 8,
  steps: 160,
  evaluateEvery: 80,
  checkpointEvery: 20,
  seeds: [1],
  device: 'torch',
};

let folder: string;
const env = (more: Record<string, string> = {}) => ({
  GRAIN_PYTHON: interpreter(),
  // Threads that wait for each other take the time of a busy machine.
  OMP_NUM_THREADS: '1',
  ...more,
});
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-torch-deaths-'));
  await writeTinyBert(path.join(folder, 'bert'));
  const lengths = Array.from({ length: 24 }, (_, i) => 2 + (i % 5));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts(lengths));
  writeFileSync(path.join(folder, 'grain.yaml'), stringify(config));
  // Modules of the user's have nothing to do with the child.
  for (const name of ['queue.py', 'torch.py', 'grain_backend.py']) {
    writeFileSync(path.join(folder, name), 'raise RuntimeError("not this one")\n');
  }
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

// Most of the time, processes import PyTorch or wait.
describe('a run on torch', { concurrency: true }, () => {
  test('ends the same, whoever was asked to stop or was killed on the way', async () => {
    const whole = grain(['run', 'grain.yaml', '--out', 'whole'], folder, env());

    // A terminal asks all processes to stop. The run process does, and needs the child for that.
    let run = startGrain(['run', 'grain.yaml', '--out', 'broken'], folder, env());
    await reaches(run, 30);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.kill(childOf(run.child), signal);
    run.child.kill('SIGINT');
    const stopped = await run.ended;
    assert.equal(stopped.status, 130, stopped.stderr);
    const { id } = await lastOf('broken');
    const resume = ['run', '--resume', id, '--out', 'broken'];

    // The child is killed.
    run = startGrain(resume, folder, env());
    await reaches(run, 90);
    process.kill(childOf(run.child), 'SIGKILL');
    const failed = await run.ended;
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /The Python process of device torch was killed by SIGKILL/);
    const end = (await lastOf('broken')).events.at(-1)!;
    assert.ok(end.kind === 'end' && end.status === 'failed');
    assert.equal(end.failure.code, 'deviceLost');

    const resumed = await grain(resume, folder, env());
    assert.equal(resumed.status, 0, resumed.stderr);
    const { status, stderr } = await whole;
    assert.equal(status, 0, stderr);
    assert.deepEqual(await factsOf('broken'), await factsOf('whole'));
    assert.equal(fileOf('broken', 'predictions.jsonl'), fileOf('whole', 'predictions.jsonl'));
    const weights = 'checkpoints/step-000160/adapter_model.safetensors';
    assert.equal(fileOf('broken', weights), fileOf('whole', weights));
  });

  test('outlasts its own suspension, but not a child that hangs', async () => {
    const holder = startHolder({ GRAIN_TORCH_TIMEOUT: '8' });
    await prints(holder, 'answered');
    holder.process.kill('SIGSTOP');
    await sleep(10_000);
    const { length } = holder.printed;
    holder.process.kill('SIGCONT');
    await prints(holder, 'answered', length);
    process.kill(childOf(holder.process), 'SIGSTOP');
    assert.match((await holder.ended).stderr, /DeviceLostError: .* gave no sign of life for 8 s/);
  });

  test('takes its child with it', async () => {
    const holder = startHolder();
    await prints(holder, 'started');
    const orphan = childOf(holder.process);
    holder.process.kill('SIGKILL');
    for (let i = 0; isAlive(orphan); i++) {
      assert.ok(i < 300, 'the child outlives its run process');
      await sleep(100);
    }
  });

  test('is what auto means where there is nothing faster than wasm', async () => {
    const { stdout } = await grain(['doctor', '--json'], folder, env());
    const { devices, auto }: { devices: BackendReport[]; auto: string } = JSON.parse(stdout);
    const names = devices.map(({ backend }) => backend);
    const { name } = devices.find(({ backend }) => backend === 'torch')!;
    assert.match(name!, /\(PyTorch \d/);
    if (name!.startsWith('CPU')) assert.equal(names.indexOf('torch'), names.indexOf('wasm') - 1);
    assert.equal(auto, devices.find(({ automatic }) => automatic)!.backend);
  });

  test('says what a Python lacks, and writes nothing', async () => {
    const named = path.join(folder, 'bare');
    execFileSync(interpreter(), ['-m', 'venv', '--without-pip', named]);
    const python = path.join(named, 'bin/python');
    const { status, stderr } = await grain(['run', 'grain.yaml', '--out', 'bare-run'], folder, {
      GRAIN_PYTHON: python,
    });
    assert.equal(status, 2);
    assert.match(stderr, /lacks torch, transformers, peft/);
    assert.ok(stderr.includes(`${python} -m pip install torch`), stderr);
    assert.ok(!readdirSync(folder).includes('bare-run'));
  });
});

interface Holder extends Omit<Grain, 'child'> {
  readonly process: ChildProcess;
  readonly printed: string;
}

/** A process that has a child, but no run. */
function startHolder(more: Record<string, string> = {}): Holder {
  const script = path.join(import.meta.dirname, 'holder.ts');
  const options = ['--disable-warning=ExperimentalWarning', script];
  const child = spawn(process.execPath, options, { env: { ...process.env, ...env(more) } });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (data) => {
      texts[name] += data;
    });
  const { promise: ended, resolve } = Promise.withResolvers<Ended>();
  child.once('close', (status) => resolve({ status, ...texts }));
  return {
    process: child,
    ended,
    get printed() {
      return texts.stdout;
    },
  };
}

/** Waits until a holder has printed a line, after so many characters. */
async function prints(holder: Holder, line: string, from = 0): Promise<void> {
  while (!holder.printed.slice(from).includes(`${line}\n`)) {
    assert.equal(holder.process.exitCode, null, 'the holder ended');
    await sleep(50);
  }
}

async function lastOf(out: string) {
  const runs = path.join(folder, out, '.grain/runs');
  const id = readdirSync(runs)[0]!;
  return { id, events: await readEvents(path.join(runs, id)) };
}

/** Waits until the run in `broken` has made a step. */
async function reaches({ child }: Grain, step: number): Promise<void> {
  for (;;) {
    assert.equal(child.exitCode, null, 'the run ended before it was killed');
    const steps = await lastOf('broken')
      .then(({ events }) => events.flatMap((event) => (event.kind === 'step' ? event.step : [])))
      .catch(() => []);
    if ((steps.at(-1) ?? 0) >= step) return;
    await sleep(20);
  }
}

function childOf(parent: ChildProcess): number {
  return Number(execFileSync('pgrep', ['-P', String(parent.pid)], { encoding: 'utf8' }).trim());
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that ended may wait for whoever adopted it.
    const state = execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
    return !state.startsWith('Z');
  } catch {
    return false;
  }
}

async function factsOf(out: string) {
  const { events } = await lastOf(out);
  return events.filter((event) => event.kind === 'step').map(repeatableFacts);
}

function fileOf(out: string, name: string): string {
  const runs = path.join(folder, out, '.grain/runs');
  return readFileSync(path.join(runs, readdirSync(runs)[0]!, name), 'base64');
}
