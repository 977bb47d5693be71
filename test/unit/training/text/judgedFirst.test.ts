import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { ConfigError } from '../../../../src/config/diagnostic.ts';
import { parseConfig } from '../../../../src/config/parse.ts';
import { writeSafetensors } from '../../../../src/hub/safetensors/safetensors.ts';
import { checkTextModel } from '../../../../src/training/checkTextModel.ts';
import { closeSession, openSession } from '../../../../src/training/session.ts';
import { HubServer } from '../../hub/hubServer.ts';
import { bertShapes, randomTensors, tinyTexts, writeTinyBert } from '../tinyCheckpoint.ts';

const base = mkdtempSync(path.join(tmpdir(), 'grain-judged-'));
after(() => rmSync(base, { recursive: true }));

const NAME = 'someone/tiny';
const config = (more: Record<string, string> = {}) =>
  Object.entries({
    model: `{ from: ${NAME} }`,
    data: '{ train: texts.tsv, validation: texts.tsv, text: text, target: answer }',
    batchSize: '4',
    groups: '{ by: microbatch, count: 2 }',
    device: 'cpu',
    steps: '1',
    ...more,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');

const sizes = {
  ...{ vocabSize: 23, maxPositions: 32, typeVocabSize: 2 },
  ...{ hiddenSize: 16, layers: 1, intermediateSize: 32 },
};

type Files = Record<string, Buffer>;
const json = (files: Files, name: string, change: Record<string, unknown>): Files => {
  const old = JSON.parse(files[name]!.toString());
  return { ...files, [name]: Buffer.from(JSON.stringify({ ...old, ...change })) };
};

let files: Files;
before(async () => {
  const here = path.join(base, 'tiny');
  await writeTinyBert(here);
  files = Object.fromEntries(
    readdirSync(here).map((name) => [name, readFileSync(path.join(here, name))]),
  );
  writeFileSync(path.join(base, 'texts.tsv'), tinyTexts([3, 4, 5, 6, 3, 4, 5, 6]));
});

describe('a checkpoint on the Hub is judged before its weights are downloaded', () => {
  let hub: HubServer;
  const { HF_HOME, HF_ENDPOINT } = process.env;
  beforeEach(async () => {
    hub = await HubServer.start();
    process.env.HF_HOME = mkdtempSync(path.join(base, 'home-'));
    process.env.HF_ENDPOINT = hub.endpoint;
  });
  afterEach(async () => {
    await hub.stop();
    for (const [name, value] of Object.entries({ HF_HOME, HF_ENDPOINT })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  const open = (made: Files, yaml: string) => {
    hub.repositories[NAME] = { kind: 'model', commit: 'a'.repeat(40), files: made };
    const parsed = parseConfig(yaml, path.join(base, 'grain.yaml'));
    return openSession(parsed, () => {});
  };

  const bad: [
    what: string,
    change: (files: Files) => Files,
    more: Record<string, string>,
    RegExp,
  ][] = [
    ['architecture', (it) => json(it, 'config.json', { model_type: 'gemma' }), {}, /gemma/],
    [
      'tokenizer',
      (it) => json(it, 'tokenizer.json', { pre_tokenizer: { type: 'UnicodeScripts' } }),
      {},
      /UnicodeScripts/,
    ],
    [
      'column of the data',
      (it) => it,
      { data: '{ train: texts.tsv, validation: texts.tsv, text: txet, target: answer }' },
      /txet/,
    ],
    ['batch size', (it) => it, { batchSize: '100' }, /batch of 100/],
    ['number of layers', (it) => it, { model: `{ from: ${NAME}, freeze: 9 }` }, /9 layers/],
    [
      'target of adapters',
      (it) => it,
      { model: `{ from: ${NAME}, adapter: { lora: { targets: [q_proj] } } }` },
      /q_proj/,
    ],
    ['device', (it) => it, { device: 'cuda' }, /cuda/],
  ];
  for (const [what, change, more, says] of bad) {
    test(what, async () => {
      await assert.rejects(open(change(files), config(more)), (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, says);
        return true;
      });
      assert.deepEqual(hub.storeRanges, []);
    });
  }

  test('if all is well, they follow', async () => {
    await closeSession(await open(files, config()));
    assert.equal(hub.storeRanges.length, 1);
    await closeSession(await open(files, config()));
    assert.equal(hub.storeRanges.length, 1);
  });

  test('a download that is given up says how to go on', async () => {
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = '0.2';
    hub.stalls.push(0, 0, 0, 0, 0, 0);
    await assert.rejects(open(files, config()), /stalled.*\. To go on where it stopped: grain/);
    delete process.env.HF_HUB_DOWNLOAD_TIMEOUT;
  });

  test('weights of which some files are there already are downloaded to the end', async () => {
    const { 'model.safetensors': whole, ...others } = files;
    const parts = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
    const tensors = randomTensors(bertShapes(sizes));
    const halves = [tensors.slice(0, 5), tensors.slice(5)];
    const made: Files = { ...others };
    const map: Record<string, string> = {};
    for (const [i, part] of parts.entries()) {
      const file = path.join(base, part);
      await writeSafetensors(file, halves[i]!);
      made[part] = readFileSync(file);
      for (const { name } of halves[i]!) map[name] = part;
    }
    made['model.safetensors.index.json'] = Buffer.from(JSON.stringify({ weight_map: map }));
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = '0.2';
    hub.stalls.push(whole!.length, 0, 0, 0, 0, 0, 0);
    await assert.rejects(open(made, config()), /stalled/);
    delete process.env.HF_HUB_DOWNLOAD_TIMEOUT;
    hub.stalls.length = 0;
    await closeSession(await open(made, config()));
  });

  const check = (more: Record<string, string> = {}) =>
    checkTextModel(parseConfig(config(more), path.join(base, 'grain.yaml')));

  test('config check judges what describes it, without its weights', async () => {
    hub.repositories[NAME] = { kind: 'model', commit: 'c'.repeat(40), files };
    assert.equal(await check(), null);
    assert.ok(hub.requests.length > 0 && hub.requests.every(({ host }) => host === 'hub'));
    const other = json(files, 'config.json', { model_type: 'gemma' });
    hub.repositories[NAME] = { kind: 'model', commit: 'd'.repeat(40), files: other };
    await assert.rejects(check(), /gemma/);
    await assert.rejects(check({ model: '{ from: someone/none }' }), /does not exist/);
  });

  test('config check says that a Hub is offline, away or silent: no mistake of the config', async () => {
    process.env.HF_HUB_OFFLINE = '1';
    assert.match((await check())!, /^someone\/tiny: .*HF_HUB_OFFLINE/);
    delete process.env.HF_HUB_OFFLINE;
    process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
    assert.match((await check())!, /cannot be reached/);
    process.env.HF_ENDPOINT = hub.endpoint;
    hub.silent = 99;
    assert.match((await check())!, /^someone\/tiny: the Hub did not answer within 5 s$/);
  });
});

describe('a folder is judged without its data and without reading weights', () => {
  let folders = 0;
  const check = async (made: Files, more: Record<string, string> = {}) => {
    const name = `folder-${folders++}`;
    const here = mkdtempSync(path.join(base, name));
    for (const [file, bytes] of Object.entries(made)) writeFileSync(path.join(here, file), bytes);
    const yaml = config({ model: `{ from: ${here} }`, ...more });
    await checkTextModel(parseConfig(yaml, path.join(base, 'grain.yaml')));
  };
  const tensors = randomTensors(bertShapes(sizes));
  const withTensors = async (changed: typeof tensors) => {
    const file = path.join(base, 'changed.safetensors');
    await writeSafetensors(file, changed);
    return { ...files, 'model.safetensors': readFileSync(file) };
  };
  const replaced = (bytes: Buffer, from: string, to: string) =>
    Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');

  test('that is whole', () => check(files));

  test('architecture', async () => {
    await assert.rejects(check(json(files, 'config.json', { model_type: 'gemma' })), /gemma/);
  });

  test('tokenizer', async () => {
    const broken = { ...files, 'tokenizer.json': Buffer.from('{"model": {"type": "X"}}') };
    await assert.rejects(check(broken), /tokenizer\.json cannot be used: model: the type "X"/);
  });

  test('a tensor that is missing', async () => {
    const made = await withTensors(tensors.filter(({ name }) => !/query\.bias/.test(name)));
    await assert.rejects(check(made), /no tensor .*query\.bias of shape \[16\]/);
  });

  test('a tensor of another shape', async () => {
    const made = json(files, 'config.json', { hidden_size: 32 });
    await assert.rejects(check(made), /has shape \[.*\] instead of \[/);
  });

  test('a tensor whose numbers are not floats', async () => {
    const made = {
      ...files,
      'model.safetensors': replaced(files['model.safetensors']!, '"F32"', '"I32"'),
    };
    await assert.rejects(check(made), /is stored as I32, which are not floats/);
  });

  test('weights that were cut off', async () => {
    const made = { ...files, 'model.safetensors': files['model.safetensors']!.subarray(0, -1) };
    await assert.rejects(check(made), /cut off or is damaged/);
  });

  test('a folder in place of the weights', async () => {
    const { 'model.safetensors': _, ...others } = files;
    const here = mkdtempSync(path.join(base, 'no-weights-'));
    for (const [file, bytes] of Object.entries(others)) writeFileSync(path.join(here, file), bytes);
    mkdirSync(path.join(here, 'model.safetensors'));
    const yaml = config({ model: `{ from: ${here} }` });
    await assert.rejects(
      checkTextModel(parseConfig(yaml, path.join(base, 'grain.yaml'))),
      /grain\.yaml:1:\d+: .*model\.safetensors cannot be read: this is a folder/,
    );
  });

  test('weights that Git LFS has not fetched', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n';
    for (const name of ['model.safetensors', 'tokenizer.json', 'config.json']) {
      const made = { ...files, [name]: Buffer.from(pointer) };
      await assert.rejects(check(made), new RegExp(`${name}.*Run git lfs pull`));
    }
  });

  test('weights that are not there', async () => {
    const { 'model.safetensors': _, ...made } = files;
    await assert.rejects(check(made), /has no model\.safetensors/);
  });
});
