// Needs no Python: for tests that only train. Those that compare with transformers take test/python/tiny.py.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EncoderConfig } from '../../../src/hub/architecture/checkpointConfig.ts';
import { WEIGHTS_FILE, writeSafetensors } from '../../../src/hub/safetensors/safetensors.ts';
import { random } from '../engine/random.ts';

interface Sizes {
  readonly width?: number;
  readonly layers?: number;
  readonly positions?: number;
  /** Of the outputs of a head; without them there is none. */
  readonly labels?: readonly string[];
}

/** Ids of the special tokens, then of the words w0 … w19. */
const SPECIAL = ['[PAD]', '[UNK]', '[EOS]'];
const WORDS = Array.from({ length: 20 }, (_, i) => `w${i}`);
const VOCABULARY = SPECIAL.length + WORDS.length;

/** A Hugging Face checkpoint of a BERT: random values, words for tokens. */
export function writeTinyBert(folder: string, sizes: Sizes = {}): Promise<void> {
  const { width = 16, layers = 1, positions = 32, labels } = sizes;
  return write(
    folder,
    {
      ...configOf('bert', width, layers, positions),
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
      ...(labels && {
        architectures: ['BertForSequenceClassification'],
        id2label: Object.fromEntries(labels.entries()),
      }),
    },
    [
      ...bertShapes({
        vocabSize: VOCABULARY,
        maxPositions: positions,
        typeVocabSize: 2,
        hiddenSize: width,
        intermediateSize: 2 * width,
        layers,
      }),
      ...(labels ? linearShapes('classifier', width, labels.length) : []),
    ],
  );
}

type BertSizes = Pick<
  EncoderConfig,
  'vocabSize' | 'maxPositions' | 'typeVocabSize' | 'hiddenSize' | 'intermediateSize' | 'layers'
>;

/** The tensors of a BERT without a head, as BertModel names them. */
export function bertShapes(sizes: BertSizes): Shapes {
  const {
    vocabSize,
    maxPositions,
    typeVocabSize,
    hiddenSize: width,
    intermediateSize,
    layers,
  } = sizes;
  const norm = (name: string): Shapes => [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
  const blocks = Array.from({ length: layers }, (_, i): Shapes => {
    const block = `encoder.layer.${i}`;
    return [
      ...['query', 'key', 'value'].flatMap((part) =>
        linearShapes(`${block}.attention.self.${part}`, width, width),
      ),
      ...linearShapes(`${block}.attention.output.dense`, width, width),
      ...norm(`${block}.attention.output.LayerNorm`),
      ...linearShapes(`${block}.intermediate.dense`, width, intermediateSize),
      ...linearShapes(`${block}.output.dense`, intermediateSize, width),
      ...norm(`${block}.output.LayerNorm`),
    ];
  });
  return [
    ['embeddings.word_embeddings.weight', [vocabSize, width]],
    ['embeddings.position_embeddings.weight', [maxPositions, width]],
    ['embeddings.token_type_embeddings.weight', [typeVocabSize, width]],
    ...norm('embeddings.LayerNorm'),
    ...blocks.flat(),
    ...linearShapes('pooler.dense', width, width),
  ];
}

export function linearShapes(name: string, from: number, to: number): Shapes {
  return [
    [`${name}.weight`, [to, from]],
    [`${name}.bias`, [to]],
  ];
}

/** As `writeTinyBert`, a Llama with tied embeddings. */
export function writeTinyLlama(folder: string, sizes: Sizes = {}): Promise<void> {
  const { width = 16, layers = 1, positions = 32 } = sizes;
  const blocks = Array.from({ length: layers }, (_, i): Shapes => {
    const block = `model.layers.${i}`;
    return [
      [`${block}.input_layernorm.weight`, [width]],
      [`${block}.self_attn.q_proj.weight`, [width, width]],
      [`${block}.self_attn.k_proj.weight`, [width / 2, width]],
      [`${block}.self_attn.v_proj.weight`, [width / 2, width]],
      [`${block}.self_attn.o_proj.weight`, [width, width]],
      [`${block}.post_attention_layernorm.weight`, [width]],
      [`${block}.mlp.gate_proj.weight`, [2 * width, width]],
      [`${block}.mlp.up_proj.weight`, [2 * width, width]],
      [`${block}.mlp.down_proj.weight`, [width, 2 * width]],
    ];
  });
  return write(
    folder,
    {
      ...configOf('llama', width, layers, positions),
      num_key_value_heads: 1,
      rms_norm_eps: 1e-5,
      hidden_act: 'silu',
      rope_theta: 10_000,
      tie_word_embeddings: true,
      eos_token_id: SPECIAL.indexOf('[EOS]'),
    },
    [
      ['model.embed_tokens.weight', [VOCABULARY, width]],
      ...blocks.flat(),
      ['model.norm.weight', [width]],
    ],
  );
}

export type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

function configOf(type: string, width: number, layers: number, positions: number) {
  return {
    model_type: type,
    vocab_size: VOCABULARY,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    intermediate_size: 2 * width,
    max_position_embeddings: positions,
    pad_token_id: 0,
  };
}

async function write(folder: string, config: object, shapes: Shapes): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer()));
  // As it is: BERT's own class would split words and add tokens around texts.
  const settings = { tokenizer_class: 'PreTrainedTokenizerFast' };
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(settings));
  await writeSafetensors(path.join(folder, WEIGHTS_FILE), randomTensors(shapes));
}

/** Norms about 1, all else about 0. */
export function randomTensors(shapes: Shapes) {
  const { normal } = random(1);
  return shapes.map(([name, shape]) => {
    const mean = /norm\.weight$/i.test(name) ? 1 : 0;
    const length = shape.reduce((product, side) => product * side);
    return { name, shape, values: Float32Array.from({ length }, () => mean + 0.2 * normal()) };
  });
}

function tokenizer() {
  const vocab = Object.fromEntries([...SPECIAL, ...WORDS].map((token, id) => [token, id]));
  return {
    version: '1.0',
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'WordLevel', vocab, unk_token: '[UNK]' },
  };
}

/** Lines of a TSV file: a text of so many words, the first of which decides between yes and no. */
export function tinyTexts(lengths: readonly number[]): string {
  const lines = lengths.map((length, i) => {
    const words = Array.from({ length }, (_, at) => WORDS[(7 * i + 3 * at) % WORDS.length]);
    return `${words.join(' ')}\t${i % 2 === 0 ? 'yes' : 'no'}`;
  });
  return `${['text\tanswer', ...lines].join('\n')}\n`;
}
