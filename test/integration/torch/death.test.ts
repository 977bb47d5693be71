import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { BackendReport } from '../../../src/backends/order.ts';
import { readEvents } from '../../../src/runs/tail.ts';
import { tiny } from '../../python/checkpoints.ts';
import { interpreter } from '../../python/python.ts';
import { type Grain, grain, startGrain } from '../grain.ts';

const TEXTS = ['a cat sleeps', 'a dog runs home', 'the old horse eats', 'a bird looks at the sea'];
const config = {
  name: 'deaths',
  model: { from: './encoder', adapter: { lora: { rank: 2, dropout: 0.1 } } },
  data: { train: 'texts.tsv', validation: 'texts.tsv', text: 'one', target: 'label' },
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
const env = (more: Record<string, string> = {}) => ({ GRAIN_PYTHON: interpreter(), ...more });
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-torch-deaths-'));
  await tiny('encoder', path.join(folder, 'encoder'), TEXTS);
  const rows = Array.from({ length: 24 }, (_, i) => `${TEXTS[i % 4]}\t${i % 2 ? 'yes' : 'no'}`);
  writeFileSync(path.join(folder, 'texts.tsv'), ['one\tlabel', ...rows].join('\n'));
  writeFileSync(path.join(folder, 'grain.yaml'), stringify(config));
  // Modules of the user's have nothing to do with the child.
  for (const name of ['queue.py', 'torch.py', 'grain_backend.py']) {
    writeFileSync(path.join(folder, name), 'raise RuntimeError("not this one")\n');
  }
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

describe('a run on torch', () => {
  test('ends the same, whoever was killed on the way', async () => {
    const whole = await grain(['run', 'grain.yaml', '--out', 'whole'], folder, env());
    assert.equal(whole.status, 0, whole.stderr);

    // The child is killed.
    let run = startGrain(['run', 'grain.yaml', '--out', 'broken'], folder, env());
    await reaches(run, 30);
    process.kill(childOf(run), 'SIGKILL');
    const failed = await run.ended;
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /The Python process of device torch was killed by SIGKILL/);
    const { id } = await lastOf('broken');
    const resume = ['run', '--resume', id, '--out', 'broken'];
    const end = (await lastOf('broken')).events.at(-1)!;
    assert.ok(end.kind === 'end' && end.status === 'failed');
    assert.equal(end.failure.code, 'deviceLost');

    // The child hangs.
    run = startGrain(resume, folder, env({ GRAIN_TORCH_TIMEOUT: '8' }));
    await reaches(run, 60);
    process.kill(childOf(run), 'SIGSTOP');
    assert.match((await run.ended).stderr, /gave no sign of life for 8 s/);

    // The run process is killed; its child ends by itself.
    run = startGrain(resume, folder, env());
    await reaches(run, 90);
    const orphan = childOf(run);
    run.child.kill('SIGKILL');
    await run.ended;
    for (let i = 0; isAlive(orphan); i++) {
      assert.ok(i < 300, 'the child outlives its run process');
      await sleep(100);
    }

    // The run process is suspended for longer than the child may be silent.
    run = startGrain(resume, folder, env({ GRAIN_TORCH_TIMEOUT: '8' }));
    await reaches(run, 105);
    run.child.kill('SIGSTOP');
    await sleep(10_000);
    run.child.kill('SIGCONT');
    await reaches(run, 115);

    // It is asked to stop, by a terminal, which asks the child too.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.kill(childOf(run), signal);
    run.child.kill('SIGINT');
    const stopped = await run.ended;
    assert.equal(stopped.status, 130, stopped.stderr);

    const resumed = await grain(resume, folder, env());
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.deepEqual(await factsOf('broken'), await factsOf('whole'));
    assert.equal(fileOf('broken', 'predictions.jsonl'), fileOf('whole', 'predictions.jsonl'));
    const weights = 'checkpoints/step-000160/adapter_model.safetensors';
    assert.equal(fileOf('broken', weights), fileOf('whole', weights));
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

function childOf({ child }: Grain): number {
  return Number(execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).trim());
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
  return events.flatMap((event) => {
    if (event.kind !== 'step') return [];
    const { at: _at, ms: _ms, memory: _memory, ...facts } = event;
    return [facts];
  });
}

function fileOf(out: string, name: string): string {
  const runs = path.join(folder, out, '.grain/runs');
  return readFileSync(path.join(runs, readdirSync(runs)[0]!, name), 'base64');
}
