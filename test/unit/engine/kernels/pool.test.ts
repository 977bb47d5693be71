import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { loadKernels } from '../../../../src/engine/kernels/load.ts';
import { ThreadPool } from '../../../../src/engine/kernels/pool.ts';
import { SharedKernels } from '../../../../src/engine/kernels/sharedKernels.ts';
import { sharedOf } from './shared.ts';

const sources = new URL('../../../../src/engine/', import.meta.url);
const thread = new URL('kernels/thread.ts', sources);
const large = () => sharedOf(Array.from({ length: 8 }, () => new Float32Array(300_000).fill(1)));

test('the death of a thread rejects the task it has and all later ones', async () => {
  const module = await loadKernels();
  const workers = [1, 2].map(() => new Worker(thread, { workerData: module }));
  const kernels = new SharedKernels(module, new ThreadPool(workers));
  const { shards } = large();
  assert.equal((await kernels.gram(shards)).gram[0], 300_000);
  const ended = workers[0]!.terminate();
  await assert.rejects(kernels.gram(shards), /a thread of the engine died: exit code 1/);
  await ended;
  await assert.rejects(kernels.gram(shards), /a thread of the engine died: exit code 1/);
  await workers[1]!.terminate();
});

test('a thread that fails is reported with the reason', async () => {
  const module = await loadKernels();
  const worker = new Worker(thread, { workerData: 'no module' });
  const kernels = new SharedKernels(module, new ThreadPool([worker]));
  await assert.rejects(kernels.gram(large().shards), /a thread of the engine died: .*WebAssembly/);
});

test('a thread that gets an invalid task fails', async () => {
  const worker = new Worker(thread, { workerData: await loadKernels() });
  const failed = once(worker, 'error');
  worker.postMessage({ shard: { k: 1, d: 1 }, task: { kind: 'gram' } });
  assert.match(String(await failed), /a thread of the engine got an invalid task/);
});

test('the threads do not keep the process alive', async () => {
  const file = (name: string) => JSON.stringify(fileURLToPath(new URL(name, sources)));
  const script = `
    import { EngineClient } from ${file('client.ts')};
    import { SharedGradients } from ${file('kernels/sharedGradients.ts')};
    const gradients = new SharedGradients();
    gradients.resize(2, 2e6);
    for (const i of [0, 1]) gradients.write(i, 0, new Float32Array(2e6).fill(1));
    const { norm2 } = await EngineClient.start().aggregateShared(gradients, 'grain');
    console.log(norm2);
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { timeout: 20_000 },
  );
  assert.equal(stdout, '2000000\n');
});
