import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { CheckpointError } from '../../../src/hub/checkpointFile.ts';
import {
  type NamedTensor,
  openSafetensors,
  openSafetensorsFile,
  type TensorFile,
  writeSafetensors,
} from '../../../src/hub/safetensors/safetensors.ts';
import { interpreter, python } from '../../python/python.ts';
import { testFolder } from './folder.ts';

const folder = testFolder();
const inFolder = (name: string) => path.join(folder, name);
const peer = (...args: string[]) => python('safetensors_peer.py', args);

/** Bits, to tell -0 from 0 and NaNs from one another. */
const bitsOf = (values: Float32Array) =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

async function opened<T>(file: TensorFile, use: (file: TensorFile) => Promise<T>): Promise<T> {
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const tensorsOf = (file: TensorFile) =>
  opened(file, async ({ names }) => {
    const tensors = new Map<string, { shape: readonly number[]; bits: Uint32Array }>();
    for (const name of [...names].sort()) {
      const values = await file.read(name);
      tensors.set(name, { shape: file.shapeOf(name), bits: bitsOf(values) });
    }
    return tensors;
  });

const bits = fc.oneof(
  fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  fc.constantFrom(0, 0x80000000, 1, 0x7f800000, 0xff800000, 0x7fc00000),
);
const tensors = fc
  .uniqueArray(
    fc
      .tuple(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => name !== '__metadata__'),
        fc.array(fc.nat(4), { maxLength: 4 }),
      )
      .chain(([name, shape]) => {
        const size = shape.reduce((product, length) => product * length, 1);
        return fc.array(bits, { minLength: size, maxLength: size }).map((values) => ({
          name,
          shape,
          values: new Float32Array(Uint32Array.from(values).buffer),
        }));
      }),
    { selector: ({ name }) => name, maxLength: 6 },
  )
  .map((list): readonly NamedTensor[] => list);

const written = (list: readonly NamedTensor[]) =>
  new Map(
    [...list]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, shape, values }) => [name, { shape, bits: bitsOf(values) }]),
  );

test('tensors survive a round trip bit for bit', async () => {
  const file = inFolder('own.safetensors');
  await fc.assert(
    fc.asyncProperty(tensors, async (list) => {
      await writeSafetensors(file, list);
      assert.deepEqual(await tensorsOf(await openSafetensorsFile(file)), written(list));
    }),
  );
});

test('Python reads our files, and we read files of Python', async () => {
  const list = fc
    .sample(tensors, { numRuns: 30, seed: 1 })
    .flatMap((some, i) => some.map((tensor) => ({ ...tensor, name: `${i}/${tensor.name}` })));
  assert(list.length > 50);
  await writeSafetensors(inFolder('here.safetensors'), list);
  await peer('resave', inFolder('here.safetensors'), inFolder('there.safetensors'));
  const there = await tensorsOf(await openSafetensorsFile(inFolder('there.safetensors')));
  assert.deepEqual(there, written(list));
});

test('every dtype is read as PyTorch converts it to float32, with all 16-bit floats', async () => {
  await peer('kinds', inFolder('kinds.safetensors'), inFolder('float32.safetensors'));
  const read = await tensorsOf(await openSafetensorsFile(inFolder('kinds.safetensors')));
  const expected = await tensorsOf(await openSafetensorsFile(inFolder('float32.safetensors')));
  assert.equal(read.get('float16')!.bits.length, 2 ** 16);
  assert.deepEqual([...read.keys()], [...expected.keys()]);
  for (const [name, { shape, bits }] of read) {
    const peerBits = expected.get(name)!.bits;
    assert.deepEqual(shape, expected.get(name)!.shape);
    const [values, peerValues] = [bits, peerBits].map((b) => new Float32Array(b.buffer));
    for (const [i, value] of values!.entries()) {
      if (Number.isNaN(value)) assert(Number.isNaN(peerValues![i]), `${name}[${i}]`);
      else assert.equal(bits[i], peerBits[i], `${name}[${i}]`);
    }
  }
});

test('a tensor larger than one chunk is read completely', async () => {
  const values = Float32Array.from({ length: 5_000_001 }, (_, i) => i);
  const file = inFolder('large.safetensors');
  await writeSafetensors(file, [{ name: 'large', shape: [values.length], values }]);
  const read = await opened(await openSafetensorsFile(file), (opened) => opened.read('large'));
  assert(Buffer.from(read.buffer).equals(Buffer.from(values.buffer)));
});

suite('checkpoints', () => {
  before(() => peer('checkpoints', folder));

  test('shards are read like one file', async () => {
    const shards = await readdir(inFolder('sharded'));
    assert(shards.filter((name) => name.endsWith('.safetensors')).length > 1);
    const whole = await tensorsOf(await openSafetensors(inFolder('whole')));
    assert.deepEqual(await tensorsOf(await openSafetensors(inFolder('sharded'))), whole);
  });

  test('an error names a missing shard', async () => {
    await cp(inFolder('sharded'), inFolder('incomplete'), { recursive: true });
    const shard = (await readdir(inFolder('incomplete'))).find((name) => /00002-of/.test(name))!;
    await rm(inFolder(`incomplete/${shard}`));
    await failsWith(openSafetensors(inFolder('incomplete')), shard, 'missing');
  });

  test('an index that points out of its folder is an error', async () => {
    await mkdir(inFolder('outside'));
    const index = JSON.stringify({ weight_map: { a: '../whole/model.safetensors' } });
    await writeFile(inFolder('outside/model.safetensors.index.json'), index);
    await failsWith(openSafetensors(inFolder('outside')), 'weight_map', 'same folder');
  });

  test('an index that lists more tensors than its shards contain is an error', async () => {
    await mkdir(inFolder('more'));
    await cp(inFolder('whole/model.safetensors'), inFolder('more/a.safetensors'));
    const index = JSON.stringify({ weight_map: { 'no.such': 'a.safetensors' } });
    await writeFile(inFolder('more/model.safetensors.index.json'), index);
    await failsWith(openSafetensors(inFolder('more')), 'no.such');
  });

  test('the error for a pickle has a Python command that converts it', async () => {
    const error = await failsWith(openSafetensors(inFolder('pickle')), 'pytorch_model.bin');
    const statements = /python -c '(.*)'$/.exec(error.message)![1]!;
    await promisify(execFile)(interpreter(), ['-c', statements], { cwd: inFolder('pickle') });
    const whole = await tensorsOf(await openSafetensors(inFolder('whole')));
    assert.deepEqual(await tensorsOf(await openSafetensors(inFolder('pickle'))), whole);
  });

  test('the error for a GGUF file has a Python command that converts it', async () => {
    await mkdir(inFolder('gguf'));
    await writeFile(inFolder('gguf/model.Q4_1.gguf'), '');
    await failsWith(openSafetensors(inFolder('gguf')), 'gguf_file="model.Q4_1.gguf"');
  });

  test('a folder without weights is an error', async () => {
    await mkdir(inFolder('empty'));
    await failsWith(openSafetensors(inFolder('empty')), 'empty', 'model.safetensors');
  });
});

async function failsWith(promise: Promise<unknown>, ...words: string[]): Promise<Error> {
  const error = await promise.then(
    () => assert.fail('it was accepted'),
    (error) => error,
  );
  assert(error instanceof CheckpointError, error.stack);
  for (const word of words) assert(error.message.includes(word), error.message);
  return error;
}

/** A file with a given header and number of data bytes. */
function fileOf(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const tensor = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

suite('hostile headers', () => {
  const cases: Record<string, [bytes: Buffer, ...words: string[]]> = {
    'an empty file': [Buffer.alloc(0), 'has 0 bytes'],
    'a length beyond the file': [
      Buffer.from('\xff\xff\xff\xff\xff\xff\xff\x7f{}', 'latin1'),
      'header',
    ],
    'no JSON': [fileOf('{"a":', 0), 'not JSON'],
    'no UTF-8': [
      Buffer.concat([fileOf('', 0).fill(2, 0, 1), Buffer.from([0x22, 0xff])]),
      'not JSON',
    ],
    'a list': [fileOf([], 0), 'not a JSON object'],
    'a tensor that is no object': [fileOf({ a: 3 }, 0), '"a"'],
    'a negative length': [fileOf({ a: tensor(0, 4, [-1]) }, 4), '"a"'],
    'a length that is no integer': [fileOf({ a: tensor(0, 4, [1.5]) }, 4), '"a"'],
    'offsets beyond the file': [fileOf({ a: tensor(0, 400) }, 4), '"a"', 'cut off'],
    'data that no tensor has': [fileOf({ a: tensor(0, 4) }, 8), '"a"', 'damaged'],
    'offsets that end before they begin': [fileOf({ a: tensor(8, 4, [1]) }, 8), '"a"'],
    'overlapping tensors': [fileOf({ a: tensor(0, 8), b: tensor(4, 12) }, 12), '"b"', 'overlap'],
    'a gap between tensors': [fileOf({ a: tensor(0, 4), b: tensor(8, 12) }, 12), '"b"', 'gap'],
    'an unknown dtype': [fileOf({ a: tensor(0, 4, [4], 'F8_E4M3') }, 4), '"a"', 'F8_E4M3'],
    'a shape of more bytes': [fileOf({ a: tensor(0, 4, [2]) }, 4), '"a"', '[2]', '8 bytes'],
    'a shape that overflows': [fileOf({ a: tensor(0, 4, Array(40).fill(2 ** 40)) }, 4), '"a"'],
  };
  for (const [name, [bytes, ...words]] of Object.entries(cases)) {
    test(name, async () => {
      const file = inFolder('hostile.safetensors');
      await writeFile(file, bytes);
      await failsWith(openSafetensorsFile(file), file, ...words);
    });
  }

  test('a header of more than 100 MB', async () => {
    const file = inFolder('huge.safetensors');
    const bytes = Buffer.alloc(100_000_100, ' ');
    bytes.writeBigUInt64LE(100_000_001n);
    await writeFile(file, bytes);
    await failsWith(openSafetensorsFile(file), file, '100000000');
    await rm(file);
  });

  test('a tensor may have the name of a property of Object.prototype', async () => {
    const file = inFolder('names.safetensors');
    await writeFile(
      file,
      fileOf('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    );
    await opened(await openSafetensorsFile(file), async ({ names }) => {
      assert.deepEqual(names, ['__proto__']);
    });
  });

  test('a file damaged anywhere is accepted or rejected as Python does', async () => {
    const mutants = inFolder('mutants');
    await mkdir(mutants);
    await writeSafetensors(inFolder('sound.safetensors'), [
      { name: 'a', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: 'b', shape: [], values: Float32Array.of(7) },
      { name: 'c', shape: [0, 4], values: new Float32Array() },
    ]);
    const sound = await readFile(inFolder('sound.safetensors'));
    const header = sound.length - 28;
    const damage = fc.oneof(
      fc
        .record({
          at: fc.nat(header - 1),
          byte: fc.constantFrom(...Buffer.from('0123456789,:[]{}"-.aF \0\xff', 'latin1')),
        })
        .map(({ at, byte }) => Buffer.from(sound).fill(byte, at, at + 1)),
      fc.nat(sound.length).map((length) => sound.subarray(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Buffer.concat([sound, more])),
      fc
        .record({ at: fc.nat(sound.length - 1), from: fc.nat(sound.length - 1) })
        .map(({ at, from }) => Buffer.concat([sound.subarray(0, at), sound.subarray(from)])),
    );
    const samples = fc.sample(damage, { numRuns: 1000 });
    for (const [i, bytes] of samples.entries()) await writeFile(path.join(mutants, `${i}`), bytes);
    const acceptedByPython: Record<string, boolean> = JSON.parse(await peer('accepted', mutants));
    const isRejected = async (file: string) => {
      try {
        await tensorsOf(await openSafetensorsFile(file));
        return false;
      } catch (error) {
        assert(error instanceof CheckpointError, String(error));
        return true;
      }
    };
    const differing = [];
    for (const [name, python] of Object.entries(acceptedByPython)) {
      const accepted = !(await isRejected(path.join(mutants, name)));
      if (accepted !== python) differing.push({ name, accepted, python });
    }
    assert.deepEqual(differing, []);
    assert(Object.values(acceptedByPython).some((python) => python));
  });
});
