import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, afterEach, beforeEach, suite, test } from 'node:test';
import type { Stall } from '../../../src/hub/download/stall.ts';
import {
  DownloadError,
  type DownloadProgress,
  type ResolveOptions,
  resolveRepository,
} from '../../../src/hub/resolve.ts';
import { python } from '../../python/python.ts';
import { testFolder } from './folder.ts';
import { HubServer } from './hubServer.ts';

const folder = testFolder();
const NAME = 'someone/tiny-bert';
const weights = randomBytes(3_000_000);
const small = {
  'config.json': Buffer.from('{"model_type": "bert"}'),
  'tokenizer.json': Buffer.from('{}'),
  'tokenizer_config.json': Buffer.from('{"a": 1}'),
};

let hub: HubServer;
let home: string;
let repository: string;

beforeEach(async () => {
  hub = await HubServer.start();
  hub.repositories[NAME] = {
    kind: 'model',
    commit: 'c0ffee'.padEnd(40, '0'),
    files: {
      'README.md': Buffer.from('# tiny'),
      ...small,
      'model.safetensors': weights,
      'pytorch_model.bin': Buffer.from('not requested'),
      'onnx/model.onnx': Buffer.from('not requested'),
    },
  };
  home = await mkdtemp(path.join(folder, 'home-'));
  repository = path.join(home, 'hub/models--someone--tiny-bert');
  set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint });
});
afterEach(() => hub.stop());

const variables = [
  'HF_HOME',
  'HF_HUB_CACHE',
  'HF_TOKEN',
  'HF_TOKEN_PATH',
  'HF_HUB_OFFLINE',
  'HF_ENDPOINT',
  'HF_HUB_DOWNLOAD_TIMEOUT',
  'HUGGINGFACE_HUB_CACHE',
  'HUGGING_FACE_HUB_TOKEN',
  'TRANSFORMERS_OFFLINE',
] as const;
const outside = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
after(() => set(outside));

/** Variables that are not given are unset. */
function set(named: Partial<Record<(typeof variables)[number], string | undefined>>): void {
  for (const name of variables) {
    if (named[name] === undefined) delete process.env[name];
    else process.env[name] = named[name];
  }
}

const resolve = (options: Partial<ResolveOptions> = {}, id = NAME) =>
  resolveRepository(id, { kind: 'model', files: 'checkpoint', onProgress: () => {}, ...options });

async function fails(promise: Promise<unknown>, failure: string, ...words: string[]) {
  const error = await promise.then(
    () => assert.fail('it was resolved'),
    (error) => error,
  );
  assert(error instanceof DownloadError, error.stack);
  assert.equal(error.failure, failure, error.message);
  for (const word of words) assert(error.message.includes(word), error.message);
}

async function holdsAll(snapshot: string): Promise<void> {
  for (const [name, bytes] of Object.entries({ ...small, 'model.safetensors': weights })) {
    assert((await readFile(path.join(snapshot, name))).equals(bytes), name);
  }
}

/** Makes the repository one whose weights are two shards and their index. */
function useShards(): void {
  const index = {
    weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
  };
  hub.repositories[NAME] = {
    ...hub.repositories[NAME]!,
    files: {
      ...small,
      'model-00001-of-00002.safetensors': randomBytes(10),
      'model-00002-of-00002.safetensors': randomBytes(20),
      'model.safetensors.index.json': Buffer.from(JSON.stringify(index)),
    },
  };
}

suite('what is downloaded', () => {
  test('the files of a checkpoint and no others, into the layout of the cache, with progress', async () => {
    const seen: DownloadProgress[] = [];
    const snapshot = await resolve({ onProgress: (download) => seen.push(download) });
    const { commit } = hub.repositories[NAME]!;
    assert.equal(snapshot, path.join(repository, 'snapshots', commit));
    await holdsAll(snapshot);
    assert.deepEqual(
      (await readdir(snapshot)).sort(),
      [...Object.keys(small), 'model.safetensors'].sort(),
    );
    assert.equal(await readFile(path.join(repository, 'refs/main'), 'utf8'), commit);
    assert.match(
      await readlink(path.join(snapshot, 'model.safetensors')),
      /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/,
    );
    const blobs = await readdir(path.join(repository, 'blobs'));
    assert.equal(blobs.length, 4);
    assert(!blobs.some((name) => name.endsWith('.incomplete')));
    const total =
      weights.length + Object.values(small).reduce((sum, { length }) => sum + length, 0);
    assert(seen.length > 4);
    assert(seen.every((download, i) => download.done >= (seen[i - 1]?.done ?? 0)));
    assert.deepEqual(seen.at(-1), { file: 'model.safetensors', done: total, total });
  });

  test('shards with their index', async () => {
    useShards();
    const names = await readdir(await resolve());
    assert.equal(names.filter((name) => name.includes('safetensors')).length, 3);
    hub.requests.length = 0;
    await resolve();
    assert.equal(hub.requests.length, 1, 'only the commit was requested');
  });

  test('named files of a dataset, also in folders, also empty ones', async () => {
    const files = {
      'data/train file.jsonl': Buffer.from('{}\n'),
      'data/empty.csv': Buffer.alloc(0),
    };
    hub.repositories['someone/data'] = { kind: 'dataset', commit: 'd'.repeat(40), files };
    const names = Object.keys(files);
    const snapshot = await resolve({ kind: 'dataset', files: names }, 'someone/data');
    assert.equal(await readFile(path.join(snapshot, names[0]!), 'utf8'), '{}\n');
    assert.equal(await readFile(path.join(snapshot, names[1]!), 'utf8'), '');
    assert(snapshot.includes('datasets--someone--data'));
    await fails(
      resolve({ kind: 'dataset', files: ['data/none.csv'] }, 'someone/data'),
      'missing',
      'data/none.csv',
    );
  });

  test('a branch that moved is downloaded again, except for unchanged blobs', async () => {
    await resolve();
    const old = hub.repositories[NAME]!;
    const files = { ...old.files, 'config.json': Buffer.from('{"model_type": "gpt2"}') };
    hub.repositories[NAME] = { ...old, commit: 'f'.repeat(40), files };
    hub.requests.length = 0;
    const snapshot = await resolve();
    assert.equal(
      await readFile(path.join(snapshot, 'config.json'), 'utf8'),
      '{"model_type": "gpt2"}',
    );
    const fetched = hub.requests.filter(({ url }) => url.includes('/resolve/'));
    assert.deepEqual(
      fetched.map(({ url }) => path.basename(url)),
      ['config.json'],
    );
  });
});

suite('interruptions', () => {
  test('an interrupted download resumes at the byte where it stopped', async () => {
    hub.cuts.push(1_000_000, 700_000);
    await holdsAll(await resolve());
    const [whole, ...parts] = hub.storeRanges;
    assert.equal(whole, undefined);
    assert.equal(parts.length, 2);
    assert(
      parts.every((range) => /^bytes=[1-9]\d*-$/.test(range!)),
      String(parts),
    );
  });

  test('retries end if a connection brings no bytes; the next call resumes', async () => {
    hub.cuts.push(1_000_000, 0, 0, 0, 0);
    await fails(resolve(), 'network', 'cannot be reached');
    hub.cuts.length = 0;
    hub.requests.length = 0;
    const first: number[] = [];
    await holdsAll(await resolve({ onProgress: ({ done }) => first.push(done) }));
    assert.equal(hub.storeRanges.length, 1);
    assert.match(hub.storeRanges[0]!, /^bytes=[1-9]\d*-$/);
  });

  test('a download that stalls says so, and goes on where it stopped', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_DOWNLOAD_TIMEOUT: '1' });
    hub.stalls.push(1_000_000, 700_000);
    const stalls: Stall[] = [];
    await holdsAll(await resolve({ onStall: (stall) => stalls.push(stall) }));
    const reason = 'nothing was received for 1 s';
    const stall = { what: 'model.safetensors', reason, attempt: 2, attempts: 4 };
    assert.deepEqual(stalls, [stall, stall]);
    assert.deepEqual(hub.storeRanges.slice(1), ['bytes=1000000-', 'bytes=1700000-']);
  });

  test('a download over which nothing comes is given up', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_DOWNLOAD_TIMEOUT: '0.2' });
    hub.stalls.push(1_000_000, 0, 0, 0, 0);
    const attempts: number[] = [];
    await fails(
      resolve({ onStall: ({ attempt }) => attempts.push(attempt) }),
      'network',
      'stalled: nothing was received for 0.2 s, 4 times in a row',
    );
    assert.deepEqual(attempts, [2, 3, 4]);
    hub.stalls.length = 0;
    await holdsAll(await resolve());
  });

  test('a download that trickles says so, is tried again, and given up in the end', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_DOWNLOAD_TIMEOUT: '0.3' });
    hub.trickles = true;
    const stalls: string[] = [];
    const onStall = ({ reason, attempt }: Stall) => stalls.push(`${reason} (${attempt})`);
    await fails(resolve({ onStall }), 'network', 'stalled: ', ', 4 times in a row');
    assert.equal(stalls.length, 3);
    assert.match(stalls.join(), /only \d+ bytes were received in 0.9 s/);
    hub.trickles = false;
    await holdsAll(await resolve());
    assert.match(hub.storeRanges.at(-1)!, /^bytes=[1-9]\d*-$/);
  });

  test('a Hub that does not answer is asked again, and given up in the end', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_DOWNLOAD_TIMEOUT: '0.3' });
    hub.silent = 2;
    const stalls: Stall[] = [];
    await holdsAll(await resolve({ onStall: (stall) => stalls.push(stall) }));
    assert.deepEqual(
      stalls.map(({ what, attempt }) => [what, attempt]),
      [
        [hub.endpoint, 2],
        [hub.endpoint, 3],
      ],
    );
    hub.silent = 99;
    await fails(resolve({ files: ['other.json'] }), 'network', 'stalled');
    hub.silent = 0;
  });

  test('what describes a checkpoint comes without its weights, which follow for the same commit', async () => {
    const snapshot = await resolve({ files: 'description' });
    assert.deepEqual((await readdir(snapshot)).sort(), Object.keys(small).sort());
    assert.equal(hub.storeRanges.length, 0);
    const { commit } = hub.repositories[NAME]!;
    // Until the weights are there, the cache does not count the commit as the branch's.
    assert(!existsSync(path.join(repository, 'refs/main')));
    assert.equal(await resolve({ commit }), snapshot);
    await holdsAll(snapshot);
    assert.equal(await readFile(path.join(repository, 'refs/main'), 'utf8'), commit);
  });

  test('a checkpoint whose weights cannot be read is refused before anything is downloaded', async () => {
    hub.repositories[NAME] = {
      ...hub.repositories[NAME]!,
      files: { ...small, 'pytorch_model.bin': weights },
    };
    await fails(resolve({ files: 'description' }), 'missing', 'pytorch_model.bin');
    assert(!hub.requests.some(({ url }) => url.includes('/resolve/')));
  });

  test('a store may send the whole file where a range was requested', async () => {
    hub.cuts.push(1_000_000);
    hub.ranges = false;
    await holdsAll(await resolve());
  });

  test('a cancelled download stays in the cache, and the next call resumes', async () => {
    const controller = new AbortController();
    const onProgress = ({ file, done }: DownloadProgress) => {
      if (file === 'model.safetensors' && done > 500_000) controller.abort();
    };
    await fails(resolve({ onProgress, signal: controller.signal }), 'cancelled', 'resumes');
    const blobs = path.join(repository, 'blobs');
    const part = (await readdir(blobs)).find((name) => name.endsWith('.incomplete'))!;
    const { size } = await stat(path.join(blobs, part));
    assert(size > 0 && size < weights.length, `${size}`);
    hub.requests.length = 0;
    await holdsAll(await resolve());
    assert.deepEqual(hub.storeRanges, [`bytes=${size}-`]);
  });

  test('a call that is cancelled before it begins sends no request', async () => {
    await fails(resolve({ signal: AbortSignal.abort() }), 'cancelled');
    assert.equal(hub.requests.length, 0);
  });

  test('an incomplete file that is not the beginning of the blob is discarded', async () => {
    hub.cuts.push(1_000_000, 0, 0, 0, 0);
    await fails(resolve(), 'network');
    const blobs = path.join(repository, 'blobs');
    const part = (await readdir(blobs)).find((name) => name.endsWith('.incomplete'))!;
    await writeFile(path.join(blobs, part), randomBytes(1000));
    hub.cuts.length = 0;
    await holdsAll(await resolve());
  });

  test('a blob whose hash is not the listed one is discarded', async () => {
    hub.alter = (bytes) => Buffer.from(bytes).fill(7, 100, 200);
    await fails(resolve(), 'network', 'model.safetensors', 'damaged');
    hub.alter = (bytes) => bytes;
    await holdsAll(await resolve());
  });

  test('of two simultaneous calls only one downloads', async () => {
    const [one, two] = await Promise.all([resolve(), resolve()]);
    assert.equal(one, two);
    await holdsAll(one);
    assert.equal(hub.storeRanges.length, 1);
  });
});

suite('what is in the cache', () => {
  test('is used without network if the revision is a commit', async () => {
    const { commit } = hub.repositories[NAME]!;
    const snapshot = await resolve({}, `${NAME}@${commit}`);
    hub.requests.length = 0;
    assert.equal(await resolve({}, `${NAME}@${commit}`), snapshot);
    assert.equal(hub.requests.length, 0);
    assert(!existsSync(path.join(repository, 'refs')), 'a commit is not a ref');
  });

  test('is used offline', async () => {
    const snapshot = await resolve();
    hub.requests.length = 0;
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '1' });
    assert.equal(await resolve(), snapshot);
    assert.equal(hub.requests.length, 0);
  });

  test('is not used offline if a file is missing', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: 'yes' });
    await fails(resolve(), 'offline', NAME, 'HF_HUB_OFFLINE');
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint });
    await resolve({ files: ['config.json', 'tokenizer.json'] });
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: 'yes' });
    await fails(resolve(), 'offline');
    await resolve({ files: ['config.json'] });
  });

  test('is used when the network or the Hub is down', async () => {
    const snapshot = await resolve();
    hub.status = 503;
    assert.equal(await resolve(), snapshot);
    await hub.stop();
    assert.equal(await resolve(), snapshot);
  });

  test('is an error if the index of the weights is damaged, until the named file is deleted', async () => {
    useShards();
    const snapshot = await resolve();
    const index = path.join(snapshot, 'model.safetensors.index.json');
    const blob = realpathSync(index);
    for (const damaged of ['{"weight_map": {"a"', '{"weight_map": {"a": "../x"}}', '[]']) {
      await writeFile(blob, damaged);
      await fails(resolve(), 'disk', blob, 'damaged', 'Delete it');
    }
    await rm(blob);
    assert.equal(await resolve(), snapshot);
    assert('weight_map' in JSON.parse(await readFile(index, 'utf8')));
  });

  test('is in HF_HUB_CACHE', async () => {
    const cache = path.join(home, 'elsewhere');
    set({ HF_HOME: home, HF_HUB_CACHE: cache, HF_ENDPOINT: `${hub.endpoint}/` });
    assert((await resolve()).startsWith(`${cache}/models--someone--tiny-bert/`));
  });

  test('is found by Python', async () => {
    const snapshot = await resolve();
    const files = JSON.stringify([...Object.keys(small), 'model.safetensors']);
    const env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint };
    assert.equal(
      JSON.parse(await python('hub_peer.py', [NAME, 'model', files, 'local'], env)),
      snapshot,
    );
  });

  test('may have been filled by Python', async () => {
    const files = JSON.stringify([...Object.keys(small), 'model.safetensors']);
    const env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '0' };
    const snapshot = JSON.parse(await python('hub_peer.py', [NAME, 'model', files], env));
    hub.requests.length = 0;
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '1' });
    assert.equal(await resolve(), snapshot);
    await holdsAll(snapshot);
    assert.equal(hub.requests.length, 0);
  });

  test('is not downloaded again by Python', async () => {
    await resolve();
    hub.requests.length = 0;
    const files = JSON.stringify(['*.json', '*.safetensors']);
    const env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '0' };
    await python('hub_peer.py', [NAME, 'model', files], env);
    assert(hub.requests.length > 0);
    assert.deepEqual(
      hub.requests.filter(({ method, url }) => method === 'GET' && url.includes('/resolve/')),
      [],
    );
  });
});

suite('tokens', () => {
  beforeEach(() => {
    hub.repositories[NAME] = { ...hub.repositories[NAME]!, gatedBy: 'secret' };
  });

  test('a gated repository without a token', async () => {
    await fails(resolve(), 'forbidden', NAME, 'gated', 'HF_TOKEN', `${hub.endpoint}/${NAME}`);
  });

  test('a gated repository with a token without access', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_TOKEN: 'other' });
    await fails(resolve(), 'forbidden', NAME, 'gated', 'your token');
  });

  test('HF_TOKEN is sent to the Hub, not to the store', async () => {
    set({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_TOKEN: 'secret' });
    await holdsAll(await resolve());
    for (const { host, authorization } of hub.requests) {
      assert.equal(authorization, host === 'hub' ? 'Bearer secret' : undefined);
    }
  });

  test('the token that `hf auth login` saved', async () => {
    await writeFile(path.join(home, 'token'), 'secret\n');
    await holdsAll(await resolve());
  });
});

suite('errors', () => {
  test('an unknown repository', async () => {
    await fails(resolve({}, 'someone/none'), 'forbidden', 'someone/none', 'HF_TOKEN', 'name');
    await fails(resolve({ kind: 'dataset', files: [] }, NAME), 'forbidden', `dataset ${NAME}`);
  });

  test('an unknown revision', async () => {
    await fails(resolve({}, `${NAME}@v9`), 'missing', NAME, '"v9"');
  });

  test('an invalid id', async () => {
    for (const id of ['bert', 'a/b/c', '../a', 'a/..', 'a/b@', 'a b/c', 'a/b@../../x']) {
      await fails(resolve({}, id), 'missing', `"${id}"`, 'owner/name');
    }
    assert.equal(hub.requests.length, 0);
  });

  test('a checkpoint without safetensors', async () => {
    const { 'model.safetensors': _, ...files } = hub.repositories[NAME]!.files;
    hub.repositories[NAME] = { ...hub.repositories[NAME]!, files };
    await fails(resolve(), 'missing', 'pytorch_model.bin', 'save_pretrained');
    assert(!hub.requests.some(({ url }) => url.includes('/resolve/')));
  });

  test('an adapter without a checkpoint', async () => {
    const files = {
      'adapter_config.json': Buffer.from('{}'),
      'adapter_model.safetensors': weights,
    };
    hub.repositories[NAME] = { ...hub.repositories[NAME]!, files };
    await fails(resolve(), 'missing', NAME, 'contains an adapter', 'merge_and_unload');
  });

  test('no network', async () => {
    await hub.stop();
    await fails(
      resolve(),
      'network',
      hub.endpoint === '' ? '' : 'cannot be reached',
      'ECONNREFUSED',
    );
  });

  test('a Hub that responds with errors', async () => {
    hub.status = 500;
    await fails(resolve(), 'network', '500');
    hub.status = 429;
    await fails(resolve(), 'network', 'too many requests');
  });

  test('a server that is not a Hub', async (t) => {
    const server = createServer((_, response) => response.end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const address = server.address();
    assert(typeof address === 'object' && address);
    set({ HF_HOME: home, HF_ENDPOINT: `http://127.0.0.1:${address.port}` });
    await fails(resolve(), 'network', 'unexpected response', 'HF_ENDPOINT');
  });

  test('a disk that fills up', async () => {
    await resolve({ files: ['config.json'] });
    // Every write to this device fails with ENOSPC.
    const hash = createHash('sha256').update(weights).digest('hex');
    await symlink('/dev/full', path.join(repository, `blobs/${hash}.incomplete`));
    await fails(resolve(), 'disk', 'full', 'HF_HOME');
  });

  test('a cache that is not a folder', async () => {
    await mkdir(home, { recursive: true });
    await writeFile(path.join(home, 'hub'), '');
    await fails(resolve(), 'disk', path.join(home, 'hub'));
  });
});
