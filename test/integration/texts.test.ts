import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { repeatableFacts, type StepEvent } from '../../src/runs/events.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { tiny } from '../python/checkpoints.ts';
import { python } from '../python/python.ts';
import { HubServer } from '../unit/hub/hubServer.ts';
import { grain, startGrain } from './grain.ts';

const ANIMALS = ['a cat', 'a dog', 'the old horse', 'a bird', 'the fish'];
const DEEDS = ['sleeps', 'runs home', 'eats', 'looks at the sea'];

/** Runs on texts from a config to files that Python loads: tiny random checkpoints, real processes. */
let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-texts-'));
  const pairs = pairsOf(64);
  const sums = sumsOf(48);
  await tiny(
    'encoder',
    path.join(folder, 'encoder'),
    pairs.flatMap(({ one, other }) => [one, other]),
  );
  await tiny(
    'decoder',
    path.join(folder, 'decoder'),
    sums.flatMap(({ question, answer }) => [question, answer]),
  );
  writeTsv('pairs.tsv', pairs);
  writeTsv('more.tsv', pairsOf(24));
  writeJsonl('sums.jsonl', sums);
  writeJsonl('asked.jsonl', sums.slice(0, 6));
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Alike where both are about the same animal. */
function pairsOf(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [i % 5, (i + (i % 2) * (1 + (i % 4))) % 5];
    return {
      one: `${ANIMALS[first]} ${DEEDS[i % 4]}`,
      other: `${ANIMALS[second]} ${DEEDS[(i + 1) % 4]} ${i % 3 ? '' : 'all day long'}`.trim(),
      label: first === second ? 'same' : 'other',
      score: String(first === second ? 5 - (i % 2) : 1 + (i % 2)),
    };
  });
}

function sumsOf(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = [i % 7, (3 * i) % 5];
    return { question: `What is ${a} and ${b}?`, answer: `${a} + ${b}\n#### ${a + b}` };
  });
}

function writeTsv(name: string, rows: readonly Record<string, string>[]): void {
  const lines = [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))];
  writeFileSync(path.join(folder, name), lines.map((cells) => `${cells.join('\t')}\n`).join(''));
}

function writeJsonl(name: string, rows: readonly object[]): void {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(path.join(folder, name), lines.join(''));
}

const classification = {
  name: 'pairs',
  model: { from: './encoder', head: 'new' },
  data: { train: 'pairs.tsv', validation: 'more.tsv', text: ['one', 'other'], target: 'label' },
  groups: { by: 'microbatch', count: 3 },
  aggregate: ['grain'],
  batchSize: 8,
  steps: 24,
  evaluateEvery: 8,
  checkpointEvery: 5,
  seeds: [1],
  device: 'wasm',
  optimizer: { learningRate: 1e-3 },
};

const generation = {
  ...classification,
  name: 'sums',
  task: 'generation',
  model: { from: './decoder' },
  data: {
    train: 'sums.jsonl',
    validation: 'asked.jsonl',
    text: 'question',
    target: 'answer',
    answerAfter: '####',
    maxNewTokens: 8,
  },
};

interface Trained {
  /** Of the only run. */
  readonly run: string;
  readonly steps: readonly StepEvent[];
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly checkpoint: string;
}

async function train(
  config: { name: string; [key: string]: unknown },
  out: string,
): Promise<Trained> {
  const file = writeConfig(config);
  const { status, stderr } = await grain(['run', file, '--out', out], folder);
  assert.equal(status, 0, stderr);
  return trained(out);
}

function writeConfig(config: { name: string }): string {
  const file = `${config.name}.grain.yaml`;
  writeFileSync(path.join(folder, file), stringify(config));
  return file;
}

async function trained(out: string): Promise<Trained> {
  const runs = path.join(folder, out, '.grain/runs');
  const run = path.join(runs, readdirSync(runs)[0]!);
  const events = await readEvents(run);
  const validations = events.filter((event) => event.kind === 'validation');
  const { last } = JSON.parse(readFileSync(path.join(run, 'checkpoints/index.json'), 'utf8'));
  return {
    run,
    steps: events.filter((event) => event.kind === 'step'),
    metrics: validations.at(-1)!.metrics,
    checkpoint: path.join(run, 'checkpoints', last),
  };
}

function facts(steps: readonly StepEvent[]) {
  return steps.map(repeatableFacts);
}

function predictions({ run }: Trained): Record<string, unknown>[] {
  const lines = readFileSync(path.join(run, 'predictions.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Whether Python gives the validation examples the probabilities that the run gave them. */
async function answersAs(loader: string, run: Trained): Promise<void> {
  const texts = readFileSync(path.join(folder, 'more.tsv'), 'utf8').trim().split('\n').slice(1);
  const pairs = texts.map((line) => line.split('\t').slice(0, 2));
  const args = [loader, run.checkpoint, JSON.stringify(pairs)];
  const expected: Record<string, number>[] = JSON.parse(await python('saved_runs_peer.py', args));
  predictions(run).forEach(({ probabilities }, i) => {
    const own = probabilities as Record<string, number>;
    assert.deepEqual(Object.keys(own).sort(), Object.keys(expected[i]!).sort());
    for (const [name, value] of Object.entries(expected[i]!)) {
      assert.ok(Math.abs(own[name]! - value) < 1e-4, `${name}: ${own[name]}, ${value}`);
    }
  });
}

describe('classification of pairs', () => {
  let whole: Trained;
  before(async () => {
    whole = await train(classification, 'whole');
  });

  test('is measured, and every validation example is predicted', () => {
    assert.equal(whole.steps.length, 24);
    assert.deepEqual(Object.keys(whole.metrics), ['loss', 'accuracy', 'macroF1', 'f1', 'mcc']);
    const told = predictions(whole);
    const right = told.filter(({ target, prediction }) => target === prediction);
    assert.equal(right.length / told.length, whole.metrics.accuracy);
  });

  test('the same config, seed and device give the same bits, dropout and all', async () => {
    assert.deepEqual(facts((await train(classification, 'again')).steps), facts(whole.steps));
    const other = await train({ ...classification, seeds: [2] }, 'other');
    assert.notDeepEqual(facts(other.steps), facts(whole.steps));
  });

  test('a killed run resumes as if it had not been killed', async () => {
    const id = await trainUntilKilled({ ...classification, name: 'killed' }, 'killed');
    const { status, stderr } = await grain(['run', '--resume', id, '--out', 'killed'], folder);
    assert.equal(status, 0, stderr);
    const resumed = await trained('killed');
    assert.deepEqual(facts(resumed.steps), facts(whole.steps));
    assert.deepEqual(predictions(resumed), predictions(whole));
  });

  test('so does one with dropout in its adapters, smoothed weights and batches of similar length', async () => {
    const lora = { rank: 2, dropout: 0.2 };
    const config = {
      ...classification,
      name: 'smooth',
      model: { ...classification.model, adapter: { lora } },
      aggregate: [{ name: 'grain', smoothing: 0.8 }],
      batches: 'similar-length',
    };
    const whole = await train(config, 'smooth');
    const rough = await train({ ...config, aggregate: ['grain'], steps: 3 }, 'rough');
    assert.notDeepEqual(facts(rough.steps), facts(whole.steps.slice(0, 3)));
    const id = await trainUntilKilled({ ...config, name: 'smooth-killed' }, 'smooth-killed');
    const resume = ['run', '--resume', id, '--out', 'smooth-killed'];
    const { status, stderr } = await grain(resume, folder);
    assert.equal(status, 0, stderr);
    const resumed = await trained('smooth-killed');
    assert.deepEqual(facts(resumed.steps), facts(whole.steps));
    assert.deepEqual(predictions(resumed), predictions(whole));
    const weights = 'adapter_model.safetensors';
    assert.deepEqual(
      readFileSync(path.join(resumed.checkpoint, weights)),
      readFileSync(path.join(whole.checkpoint, weights)),
    );
  });

  test('a killed run does not resume with another model or other data', async () => {
    const model = { ...classification.model, from: './changing' };
    const data = { ...classification.data, validation: 'changing.tsv' };
    cpSync(path.join(folder, 'encoder'), path.join(folder, 'changing'), { recursive: true });
    cpSync(path.join(folder, 'more.tsv'), path.join(folder, 'changing.tsv'));
    const config = { ...classification, name: 'changed', model, data };
    const id = await trainUntilKilled(config, 'changed');
    const resume = () => grain(['run', '--resume', id, '--out', 'changed'], folder);
    for (const name of ['changing/model.safetensors', 'changing/tokenizer.json', 'changing.tsv']) {
      const file = path.join(folder, name);
      const whole = readFileSync(file);
      writeFileSync(file, otherwise(name, whole));
      const { status, stderr } = await resume();
      assert.equal(status, 1, stderr);
      const said = stderr.includes(path.join(folder, name.split('/')[0]!));
      assert.ok(said && /Restore what was there, or start a new run/.test(stderr), stderr);
      writeFileSync(file, whole);
    }
    // What another program may leave there.
    writeFileSync(path.join(folder, 'changing/notes.txt'), 'a good model');
    const { status, stderr } = await resume();
    assert.equal(status, 0, stderr);
    assert.deepEqual(facts((await trained('changed')).steps), facts(whole.steps));
  });

  test('a killed run resumes with the revision that it started with, though the Hub has a newer one', async (t) => {
    const hub = await HubServer.start();
    t.after(() => hub.stop());
    const cache = path.join(folder, 'hub-home');
    const env = { HF_HOME: cache, HF_ENDPOINT: hub.endpoint };
    const encoder = filesOf('encoder');
    const pairs = { 'pairs.tsv': read('pairs.tsv'), 'more.tsv': read('more.tsv') };
    const [before, later] = ['a'.repeat(40), 'b'.repeat(40)];
    hub.repositories['some/model'] = { kind: 'model', commit: before, files: encoder };
    hub.repositories['some/data'] = { kind: 'dataset', commit: before, files: pairs };
    const config = {
      ...classification,
      name: 'hub',
      model: { ...classification.model, from: 'some/model' },
      data: { ...classification.data, from: 'some/data' },
    };
    const id = await trainUntilKilled(config, 'hub', env);
    const manifest = JSON.parse(read(`hub/.grain/runs/${id}/run.json`).toString());
    assert.deepEqual(manifest.sources, {
      model: `some/model@${before}`,
      data: `some/data@${before}`,
    });

    for (const name of ['some/model', 'some/data']) hub.repositories[name]!.commit = later;
    encoder['model.safetensors'] = otherwise('model.safetensors', encoder['model.safetensors']!);
    pairs['pairs.tsv'] = otherwise('pairs.tsv', pairs['pairs.tsv']);
    const fresh = ['run', 'hub.grain.yaml', '--steps', '1', '--out', 'moved'];
    assert.equal((await grain(fresh, folder, env)).status, 0);
    assert.notDeepEqual(facts((await trained('moved')).steps), facts(whole.steps.slice(0, 1)));

    await hub.stop();
    const offline = { ...env, HF_HUB_OFFLINE: '1' };
    const { status, stderr } = await grain(
      ['run', '--resume', id, '--out', 'hub'],
      folder,
      offline,
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(facts((await trained('hub')).steps), facts(whole.steps));
  });

  test('transformers loads the checkpoint and answers as the run did', async () => {
    await answersAs('classes', whole);
  });

  test('so does peft with adapters, whose config knows the four classes', async () => {
    const model = { ...classification.model, adapter: { lora: { rank: 2 } } };
    const data = { ...classification.data, target: 'score' };
    const adapted = await train({ ...classification, model, data, steps: 3 }, 'classes');
    await answersAs('adapted_classes', adapted);
  });

  test('one pass per group gives the gradients of one pass for all', async () => {
    const calm = { ...classification, model: { ...classification.model, dropout: 0 }, steps: 1 };
    const groups = { ...calm.groups, backward: 'accumulate' };
    const [one] = (await train(calm, 'grouped')).steps;
    const [other] = (await train({ ...calm, groups }, 'accumulated')).steps;
    const scale = Math.max(...one!.gram!.map(Number));
    one!.gram!.forEach((product, i) => {
      assert.ok(Math.abs(product! - other!.gram![i]!) < 1e-5 * scale);
    });
    one!.losses.forEach((loss, group) => {
      assert.ok(Math.abs(loss! - other!.losses[group]!) < 1e-5);
    });
  });

  test('recomputed layers give the same bits', async () => {
    const model = { ...classification.model, checkpointing: true };
    const recomputed = await train({ ...classification, model }, 'recomputed');
    assert.deepEqual(facts(recomputed.steps), facts(whole.steps));
  });
});

test('regression is measured by correlation', async () => {
  const regression = {
    ...classification,
    name: 'scores',
    task: 'regression',
    metric: 'spearman',
    data: { ...classification.data, target: 'score' },
    batches: 'similar-length',
    groups: { by: 'length', count: 2 },
    aggregate: ['grain-layerwise'],
    steps: 3,
  };
  const { metrics, steps } = await train(regression, 'regression');
  assert.deepEqual(Object.keys(metrics), ['loss', 'rmse', 'mae', 'pearson', 'spearman']);
  assert.ok(steps.every(({ blocks }) => blocks!.length > 1));
});

describe('generation', () => {
  test('PEFT gives the same answers with the trained adapters', async () => {
    const lora = { rank: 4, alpha: 64, targets: ['q_proj', 'v_proj'] };
    const model = { ...generation.model, adapter: { lora } };
    const adapted = await train({ ...generation, model }, 'adapted');
    assert.deepEqual(Object.keys(adapted.metrics), ['loss', 'perplexity', 'exactMatch']);
    const prompts = sumsOf(6).map(({ question }) => `${question}\n`);
    const args = ['answers', adapted.checkpoint, JSON.stringify(prompts), '8'];
    const expected: string[] = JSON.parse(await python('saved_runs_peer.py', args));
    assert.deepEqual(
      predictions(adapted).map(({ prediction }) => prediction),
      expected,
    );
  });

  test('a small language model memorises answers, embeddings tied and trained', async () => {
    const optimizer = { name: 'adamw', learningRate: 1e-2, warmup: 0.1, decay: 'linear' };
    const steps = { steps: 100, evaluateEvery: 100, checkpointEvery: 100 };
    const learnt = await train({ ...generation, ...steps, optimizer }, 'learnt');
    const first = learnt.steps[0]!.losses[0]!;
    assert.ok(learnt.metrics.loss! < first / 4, `${first} to ${learnt.metrics.loss}`);
  });
});

test('a tokenizer with token ids beyond the network’s embeddings is rejected', async () => {
  const odd = path.join(folder, 'odd');
  cpSync(path.join(folder, 'encoder'), odd, { recursive: true });
  const file = path.join(odd, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
  const { vocab } = tokenizer.model;
  vocab.horse = Object.keys(vocab).length;
  writeFileSync(file, JSON.stringify(tokenizer));
  const named = { ...classification, name: 'odd', model: { from: './odd' } };
  const config = writeConfig(named);
  const { status, stderr } = await grain(['run', config, '--out', 'none'], folder);
  assert.equal(status, 2, stderr);
  assert.match(
    stderr,
    /odd\.grain\.yaml:\d+:\d+: the tokenizer gives token \d+, but the network has embeddings for 0 to \d+/,
  );
});

test('mistakes are reported where they are, and no run starts', async () => {
  for (const [changes, says] of [
    [{ model: { from: './decoders', head: 'new' } }, /folder not found|did you mean/i],
    [
      { data: { ...classification.data, text: ['one', 'othr'] } },
      /no column "othr" .*Did you mean other\?/,
    ],
    [
      { model: { from: './encoder', adapter: { lora: { targets: ['q_proj'] } } } },
      /query, key, value/,
    ],
    [
      { model: { from: './encoder' }, task: 'generation' },
      /\.\/encoder is an encoder \(bert\) and cannot generate\. Expected a decoder/,
    ],
  ] as const) {
    const file = writeConfig({ ...classification, name: 'wrong', ...changes });
    const { status, stderr } = await grain(['run', file, '--out', 'wrong'], folder);
    assert.equal(status, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr, /wrong\.grain\.yaml:\d+:\d+/);
    assert.throws(() => readdirSync(path.join(folder, 'wrong', '.grain')), /ENOENT/);
  }
});

/** Trains the only run of a config until it has taken 7 steps, no checkpoint after the fifth among them. @returns its id */
async function trainUntilKilled(
  config: { name: string },
  out: string,
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const file = writeConfig(config);
  const { child, ended } = startGrain(['run', file, '--out', out], folder, env);
  const runs = path.join(folder, out, '.grain/runs');
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (lastLog(runs).includes('"step":7,')) break;
    assert.equal(child.exitCode, null, 'the run ended before it could be killed');
  }
  child.kill('SIGKILL');
  await ended;
  return readdirSync(runs)[0]!;
}

/** Other content of the same form: the last number is another one, a token or a line is gone. */
function otherwise(name: string, whole: Buffer): Buffer {
  if (name.endsWith('.safetensors')) {
    const other = Buffer.from(whole);
    other.writeFloatLE(other.readFloatLE(other.length - 4) + 1, other.length - 4);
    return other;
  }
  if (name.endsWith('.json')) return Buffer.from(`${whole}\n`);
  return whole.subarray(0, whole.lastIndexOf('\n', whole.length - 2) + 1);
}

function read(name: string): Buffer {
  return readFileSync(path.join(folder, name));
}

function filesOf(name: string): Record<string, Buffer> {
  const files = readdirSync(path.join(folder, name));
  return Object.fromEntries(files.map((file) => [file, read(path.join(name, file))]));
}

/** The log of the only run, or nothing yet. */
function lastLog(runs: string): string {
  try {
    return readFileSync(path.join(runs, readdirSync(runs)[0]!, 'events.jsonl'), 'utf8');
  } catch {
    return '';
  }
}
