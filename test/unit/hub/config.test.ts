import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import fc from 'fast-check';
import { readCheckpointConfig } from '../../../src/hub/architecture/checkpointConfig.ts';
import { CheckpointError } from '../../../src/hub/checkpointFile.ts';
import { python } from '../../python/python.ts';
import { testFolder } from './folder.ts';

type Json = Record<string, unknown>;

const folder = testFolder();
let folders = 0;

/** A folder with this config.json and no other file. */
async function folderOf(json: unknown): Promise<string> {
  const made = path.join(folder, `${folders++}`);
  await mkdir(made);
  await writeFile(path.join(made, 'config.json'), JSON.stringify(json));
  return made;
}

const rate = fc.constantFrom(0, 0.1, 0.25);
const count = fc.constantFrom(8, 16, 24, 1000);
const epsilon = fc.constantFrom(1e-5, 1e-6, 1e-12);
const initializer_range = fc.constantFrom(0.02, 0.05);
const labels = fc.constantFrom({ 0: 'no', 1: 'yes', 2: 'perhaps' }, { 0: 'score' });

/** Some fields of a config; the others have their defaults. */
const some = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ ...fields, id2label: labels }, { requiredKeys: [] });

const bert = some({
  vocab_size: count,
  num_hidden_layers: count,
  num_attention_heads: fc.constantFrom(2, 4, 8),
  intermediate_size: count,
  hidden_act: fc.constantFrom('gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu'),
  hidden_dropout_prob: rate,
  attention_probs_dropout_prob: rate,
  max_position_embeddings: count,
  type_vocab_size: fc.constantFrom(1, 2),
  layer_norm_eps: epsilon,
  classifier_dropout: fc.option(rate),
  initializer_range,
  pad_token_id: fc.constantFrom(0, 1, 3),
});
const distilbert = some({
  dim: fc.constant(48),
  hidden_size: fc.constant(96),
  n_layers: fc.constantFrom(1, 2),
  num_hidden_layers: fc.constantFrom(3, 4),
  n_heads: fc.constantFrom(2, 4),
  hidden_dim: count,
  activation: fc.constantFrom('gelu', 'relu'),
  dropout: rate,
  attention_dropout: rate,
  seq_classif_dropout: rate,
  initializer_range,
});
const gpt2 = some({
  n_embd: fc.constant(48),
  n_layer: fc.constantFrom(1, 2),
  n_head: fc.constantFrom(2, 4),
  n_inner: fc.option(count),
  n_positions: count,
  vocab_size: count,
  activation_function: fc.constantFrom('gelu_new', 'gelu', 'swish'),
  resid_pdrop: rate,
  embd_pdrop: rate,
  attn_pdrop: rate,
  initializer_range,
  layer_norm_epsilon: epsilon,
  tie_word_embeddings: fc.boolean(),
});
const llama3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const rotary = {
  hidden_size: fc.constantFrom(64, 128),
  num_hidden_layers: fc.constantFrom(1, 2),
  num_attention_heads: fc.constant(32),
  num_key_value_heads: fc.constantFrom(2, 8, null),
  head_dim: fc.constantFrom(4, 6),
  intermediate_size: count,
  vocab_size: count,
  max_position_embeddings: count,
  rms_norm_eps: epsilon,
  hidden_act: fc.constantFrom('silu', 'swish'),
  tie_word_embeddings: fc.boolean(),
  attention_bias: fc.boolean(),
  mlp_bias: fc.boolean(),
  attention_dropout: rate,
  initializer_range,
  rope_theta: fc.constantFrom(5e5, 1e6),
  rope_scaling: fc.constantFrom(null, { rope_type: 'default' }, { rope_type: 'llama3', ...llama3 }),
  rope_parameters: fc.constantFrom(
    { rope_type: 'default', rope_theta: 2e5 },
    { rope_type: 'llama3', rope_theta: 3e5, ...llama3 },
  ),
};
const qwen = some({
  ...rotary,
  use_sliding_window: fc.boolean(),
  sliding_window: fc.constantFrom(32768, 16, null),
  max_window_layers: fc.constantFrom(0, 1, 28),
  pad_token_id: fc.constantFrom(0, 3, null),
});
const mistral = some({
  ...rotary,
  sliding_window: fc.constantFrom(32768, 16, null),
  num_key_value_heads: fc.constantFrom(2, 8),
});

suite('a config says what transformers reads in it', () => {
  const networks: Record<string, fc.Arbitrary<Json>> = {
    bert,
    roberta: bert,
    camembert: bert,
    'xlm-roberta': bert,
    distilbert,
    gpt2,
    llama: some(rotary),
    mistral,
    qwen2: qwen,
    qwen3: qwen,
  };
  const configs = Object.entries(networks).flatMap(([model_type, fields]) =>
    [{}, ...fc.sample(fields, { numRuns: 40 })].map((config) => ({
      ...config,
      model_type,
      architectures: ['AForSequenceClassification'],
    })),
  );
  let made: string[];
  let expected: Json[];
  before(async () => {
    made = await Promise.all(configs.map(folderOf));
    expected = JSON.parse(await python('config_peer.py', made));
  });

  for (const [i, config] of configs.entries()) {
    test(JSON.stringify(config), async () => {
      const { kind, modelType, json, classes, ...here } = await readCheckpointConfig(made[i]!);
      const { labels, ...there } = expected[i]!;
      assert.deepEqual(here, there);
      assert.deepEqual(classes, labels);
      assert.deepEqual(json, config);
      assert.equal(kind, 'tiedEmbeddings' in there ? 'decoder' : 'encoder');
      const robertaToo = /roberta|camembert/.test(config.model_type);
      assert.equal(modelType, robertaToo ? 'roberta' : config.model_type);
    });
  }
});

test('only a checkpoint with a classification head has classes', async () => {
  const json = { model_type: 'bert', id2label: { 0: 'no', 1: 'yes' } };
  const bare = await readCheckpointConfig(
    await folderOf({ ...json, architectures: ['BertModel'] }),
  );
  assert.equal(bare.classes, null);
});

suite('a field with an unsupported value is reported by name', () => {
  const cases: [Json, ...words: string[]][] = [
    [{ model_type: 'gemma' }, 'gemma', 'bert, roberta, camembert, xlm-roberta, distilbert'],
    [{ model_type: 't5' }, 't5', 'gpt2, llama, mistral, qwen2, qwen3'],
    [{ model_type: 'toString' }, 'toString'],
    [{}, 'model_type is missing', 'bert, roberta'],
    [{ model_type: 'bert', position_embedding_type: 'relative_key' }, 'relative_key', 'absolute'],
    [{ model_type: 'bert', is_decoder: true }, 'is_decoder'],
    [{ model_type: 'roberta', add_cross_attention: true }, 'add_cross_attention'],
    [{ model_type: 'bert', hidden_act: 'mish' }, 'hidden_act', 'mish', 'gelu_new'],
    [{ model_type: 'bert', hidden_size: 100, num_attention_heads: 3 }, '100', '3'],
    [{ model_type: 'bert', hidden_size: 'wide' }, 'hidden_size'],
    [{ model_type: 'bert', num_hidden_layers: -1 }, 'num_hidden_layers'],
    [{ model_type: 'gpt2', scale_attn_by_inverse_layer_idx: true }, 'scale_attn_by_inverse'],
    [{ model_type: 'gpt2', scale_attn_weights: false }, 'scale_attn_weights'],
    [{ model_type: 'llama', rope_scaling: { type: 'linear', factor: 2 } }, 'linear', 'llama3'],
    [{ model_type: 'llama', rope_parameters: { rope_type: 'yarn' } }, 'yarn', 'llama3'],
    [{ model_type: 'llama', rope_scaling: { rope_type: 'llama3' } }, 'factor'],
    [{ model_type: 'llama', partial_rotary_factor: 0.5 }, 'partial_rotary_factor'],
    [{ model_type: 'llama', hidden_act: 'gelu' }, 'hidden_act', 'gelu', 'silu, swish'],
    [{ model_type: 'llama', num_key_value_heads: 5 }, 'num_key_value_heads', '32'],
    [{ model_type: 'llama', quantization_config: { bits: 4 } }, 'quantized'],
    [
      {
        model_type: 'bert',
        architectures: ['BertForSequenceClassification'],
        id2label: { 7: 'a' },
      },
      'id2label has the ids 7',
      'Expected 0 to 0',
    ],
  ];
  for (const [json, ...words] of cases) {
    test(JSON.stringify(json), async () => {
      const made = await folderOf(json);
      await assert.rejects(readCheckpointConfig(made), (error: Error) => {
        assert(error instanceof CheckpointError, error.stack);
        for (const word of [path.join(made, 'config.json'), ...words]) {
          assert(error.message.includes(word), error.message);
        }
        return true;
      });
    });
  }

  test('invalid JSON', async () => {
    const made = await folderOf({});
    await writeFile(path.join(made, 'config.json'), '{');
    await assert.rejects(readCheckpointConfig(made), /config\.json cannot be read/);
  });

  test('JSON that is not an object', async () => {
    await assert.rejects(readCheckpointConfig(await folderOf([])), /not a JSON object/);
  });
});

suite('a config that Python or an editor wrote in its own way is read', () => {
  const cases: Record<string, string | Buffer> = {
    'with a byte order mark': '\ufeff{"model_type": "bert", "hidden_size": 24}',
    'with numbers that are not finite in unused fields':
      '{"model_type": "bert", "hidden_size": 24, "a": NaN, "b": [-Infinity, {"c": Infinity}], "d": "NaN \\" NaN"}',
  };
  for (const [name, text] of Object.entries(cases)) {
    test(name, async () => {
      const made = await folderOf({});
      await writeFile(path.join(made, 'config.json'), text);
      assert.equal((await readCheckpointConfig(made)).hiddenSize, 24);
    });
  }

  test('a number that is not finite in a field that is used is an error', async () => {
    const made = await folderOf({});
    await writeFile(
      path.join(made, 'config.json'),
      '{"model_type": "bert", "classifier_dropout": NaN}',
    );
    await assert.rejects(readCheckpointConfig(made), /config\.json: classifier_dropout: .*NaN/);
  });

  test('bytes that are not UTF-8 are an error', async () => {
    const made = await folderOf({});
    await writeFile(
      path.join(made, 'config.json'),
      Buffer.from('{"model_type": "\xe9"}', 'latin1'),
    );
    await assert.rejects(readCheckpointConfig(made), /config\.json cannot be read: .*utf-8/);
  });

  test('with names of classes that are numbers', async () => {
    const made = await folderOf({
      model_type: 'bert',
      architectures: ['BertForSequenceClassification'],
      id2label: { 0: 0, 1: 1.5, 2: true },
    });
    assert.deepEqual((await readCheckpointConfig(made)).classes, ['0', '1.5', 'true']);
  });
});
