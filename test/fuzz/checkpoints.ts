/** Damaged files of checkpoints: each is refused by name, or gives what an independent reading of it gives. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCheckpointConfig } from '../../src/hub/architecture/checkpointConfig.ts';
import { CheckpointError } from '../../src/hub/checkpointFile.ts';
import { openSafetensorsFile } from '../../src/hub/safetensors/safetensors.ts';
import { openTokenizer } from '../../src/hub/tokenizer/tokenizer.ts';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoints.ts';
import { random } from '../unit/engine/random.ts';
import { type Trained, trained, trainOn } from '../unit/training/checkpointing.ts';
import { configs, tokenizers } from './checkpointFiles.ts';
import { Choices, mutatedBytes, mutatedJson } from './mutations.ts';

export interface FuzzResult {
  readonly cases: number;
  /** Cases that ended in an error that names the file. */
  readonly refused: number;
}

type Case = (choices: Choices, folder: string) => Promise<boolean>;

/** @param judge makes a case and judges it. @returns whether it was refused; throws if it was neither that nor right */
async function fuzz(count: number, seed: number, judge: Case): Promise<FuzzResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-fuzz-'));
  let refused = 0;
  try {
    for (let i = 0; i < count; i++) {
      // A generator for each case: a failure is repeated by its number alone.
      const choices = new Choices(random(seed * 1_000_003 + i));
      try {
        if (await judge(choices, folder)) refused++;
      } catch (error) {
        const files = readdirSync(folder).join(', ');
        throw new Error(`case ${i} of seed ${seed} (${files} in ${folder})`, { cause: error });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { cases: count, refused };
}

/** Runs a reading; errors other than those that name the file are failures. */
async function unlessRefused(read: () => Promise<void>): Promise<boolean> {
  try {
    await read();
    return false;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    assert.ok(error.message.length < 2000, 'a message that nobody reads');
    return true;
  }
}

function damaged(json: unknown, choices: Choices): Buffer {
  const text = choices.chance(0.6) ? mutatedJson(json, choices) : JSON.stringify(json);
  const bytes = Buffer.from(text);
  return choices.chance(0.5) ? mutatedBytes(bytes, choices) : bytes;
}

const texts = ['hello world', 'a b', '', '<s>x</s> #é\u0000 12 日本\n', "it's a.b, c!"];

export function fuzzTokenizers(count: number, seed: number): Promise<FuzzResult> {
  return fuzz(count, seed, (choices, folder) => {
    const { tokenizer, config } = choices.of(tokenizers);
    const both = choices.upTo(3);
    const write = (name: string, json: unknown, isDamaged: boolean) =>
      writeFileSync(
        path.join(folder, name),
        isDamaged ? damaged(json, choices) : JSON.stringify(json),
      );
    write('tokenizer.json', tokenizer, both !== 1);
    write('tokenizer_config.json', config, both !== 0);
    return unlessRefused(async () => {
      const opened = await openTokenizer(folder);
      for (const text of texts) {
        const ids = opened.encodePlain(text);
        assert.ok(ids.every((id) => id >= 0));
        assert.equal(typeof opened.decode(ids), 'string');
        let encoded: Int32Array | null = null;
        try {
          encoded = opened.encode(text, 'b', 64).ids;
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
        assert.ok(!encoded || (encoded.length <= 64 && encoded.every((id) => id >= 0)));
      }
    });
  });
}

export function fuzzConfigs(count: number, seed: number): Promise<FuzzResult> {
  return fuzz(count, seed, (choices, folder) => {
    const bytes = damaged(choices.of(configs), choices);
    writeFileSync(path.join(folder, 'config.json'), bytes);
    return unlessRefused(async () => {
      const { json, classes, ...network } = await readCheckpointConfig(folder);
      for (const [name, value] of Object.entries(network)) {
        if (typeof value === 'number') assert.ok(Number.isFinite(value), name);
      }
      for (const name of ['layers', 'heads', 'hiddenSize', 'vocabSize', 'maxPositions'] as const) {
        assert.ok(Number.isSafeInteger(network[name]) && network[name] > 0, name);
      }
      assert.ok(classes === null || classes.every((name) => typeof name === 'string'));
      assert.equal(typeof json, 'object');
    });
  });
}

/** Two tensors of floats, one of half floats and one of integers. */
function safetensors(): Buffer {
  const header = {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: 'BF16', shape: [4], data_offsets: [24, 32] },
    'c.weight': { dtype: 'I64', shape: [1], data_offsets: [32, 40] },
    d: { dtype: 'F32', shape: [0], data_offsets: [40, 40] },
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.from(Array.from({ length: 40 }, (_, i) => 7 * i))]);
}

export function fuzzSafetensors(count: number, seed: number): Promise<FuzzResult> {
  const whole = safetensors();
  return fuzz(count, seed, (choices, folder) => {
    const file = path.join(folder, 'model.safetensors');
    const bytes = mutatedBytes(whole, choices);
    writeFileSync(file, bytes);
    return unlessRefused(async () => {
      const tensors = await openSafetensorsFile(file);
      try {
        for (const name of tensors.names) await compareTensor(bytes, name, tensors);
      } finally {
        await tensors.close();
      }
    });
  });
}

async function compareTensor(
  bytes: Buffer,
  name: string,
  tensors: Awaited<ReturnType<typeof openSafetensorsFile>>,
): Promise<void> {
  const length = Number(bytes.readBigUInt64LE(0));
  const described = JSON.parse(bytes.toString('utf8', 8, 8 + length))[name];
  assert.deepEqual(tensors.shapeOf(name), described.shape);
  const values = await tensors.read(name);
  const [from, to] = described.data_offsets as [number, number];
  const data = bytes.subarray(8 + length + from, 8 + length + to);
  if (described.dtype === 'F32') {
    assert.ok(Buffer.from(values.buffer).equals(data), 'the same bits');
  } else if (described.dtype === 'BF16') {
    const bits = [...new Uint32Array(values.buffer)];
    assert.deepEqual(
      bits,
      Array.from({ length: data.length / 2 }, (_, i) => data.readUInt16LE(2 * i) * 0x10000),
    );
  }
}

/** The last three checkpoints of a run, and the weights that each holds. */
async function savedRun(folder: string) {
  const content = await trained('sgd', 1);
  const bits = new Map<number, string>();
  for (const step of [1, 2, 3]) {
    trainOn(content, step, step);
    const state = { step, bestMetric: step === 1 ? 0.5 : 0.5 };
    await saveCheckpoint(folder, content, state, { best: step === 1, keep: 2 });
    bits.set(step, bitsOf(content));
  }
  return { content, bits };
}

function bitsOf({ model }: Trained): string {
  return model.network
    .getWeights()
    .map((weight) => Buffer.from(weight.dataSync<'float32'>().buffer).toString('hex'))
    .join();
}

export async function fuzzCheckpoints(count: number, seed: number): Promise<FuzzResult> {
  const base = mkdtempSync(path.join(tmpdir(), 'grain-fuzz-run-'));
  const { content, bits } = await savedRun(base);
  const files = readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(base, path.join(parentPath, name)));
  const whole = new Map(files.map((file) => [file, readFileSync(path.join(base, file))]));
  const write = (file: string, bytes: Buffer) => {
    mkdirSync(path.dirname(path.join(base, file)), { recursive: true });
    writeFileSync(path.join(base, file), bytes);
  };
  try {
    return await fuzz(count, seed, async (choices) => {
      const hit = Array.from({ length: 1 + choices.upTo(3) }, () => choices.of(files));
      for (const file of hit) {
        if (choices.chance(0.1)) rmSync(path.join(base, file), { force: true });
        else write(file, mutatedBytes(whole.get(file)!, choices));
      }
      const from = choices.of(['last', 'best'] as const);
      const refused = await unlessRefused(async () => {
        const loaded = await loadCheckpoint(base, content, { from });
        const step = loaded?.state.step;
        assert.ok(step !== undefined, 'checkpoints are there');
        assert.equal(bitsOf(content), bits.get(step), `the weights of step ${step}`);
      });
      for (const file of new Set([...hit, 'index.json'])) write(file, whole.get(file)!);
      return refused;
    });
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}
