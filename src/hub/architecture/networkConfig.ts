/** Supported networks, by the `model_type` of their config.json. */
export type ModelType =
  | 'bert'
  | 'roberta'
  | 'distilbert'
  | 'gpt2'
  | 'llama'
  | 'mistral'
  | 'qwen2'
  | 'qwen3';

/** A bidirectional encoder with learned positions and layer norm after each sublayer (post-norm). */
export interface EncoderConfig {
  readonly kind: 'encoder';
  /** CamemBERT and XLM-RoBERTa are RoBERTa with other vocabularies; MiniLM is BERT. */
  readonly modelType: 'bert' | 'roberta' | 'distilbert';
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
  /** Hidden width of the feed-forward sublayer. */
  readonly intermediateSize: number;
  readonly vocabSize: number;
  /** Rows of the position embedding; RoBERTa does not use those up to `padId`. */
  readonly maxPositions: number;
  /** Number of token types; 0 for networks without them (DistilBERT). */
  readonly typeVocabSize: number;
  readonly normEpsilon: number;
  /** `gelu` is exact (erf); `gelu_new` is the tanh approximation. */
  readonly activation: 'gelu' | 'gelu_new' | 'relu';
  readonly dropout: number;
  readonly attentionDropout: number;
  /** Dropout before the classification head. */
  readonly classifierDropout: number;
  /** Standard deviation of newly initialized weights. */
  readonly initializerRange: number;
  readonly padId: number;
  /** Row of the token embedding (RoBERTa: also of the positions) that is not trained; null if config.json has no padding token. */
  readonly paddingIndex: number | null;
}

/** A causal decoder. */
export interface DecoderConfig {
  readonly kind: 'decoder';
  readonly modelType: 'gpt2' | 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  readonly layers: number;
  readonly heads: number;
  /** Fewer than `heads` for grouped-query attention. */
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  /** Tokens that some layers attend to, the own one included; null if all layers attend to all tokens. Longer texts are refused. */
  readonly slidingWindow: number | null;
  readonly normEpsilon: number;
  /** All but GPT-2 use SiLU. */
  readonly activation: 'gelu_new' | 'gelu' | 'silu';
  /** Whether the output layer shares the token embedding's matrix. */
  readonly tiedEmbeddings: boolean;
  /** Whether queries, keys and values have a bias. */
  readonly attentionBias: boolean;
  /** Whether attention's output projection has a bias. */
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** Whether the queries and keys of each head are normalized (QK norm, Qwen3). */
  readonly queryKeyNorm: boolean;
  /** Rotary position embeddings; null for learned positions (GPT-2). */
  readonly rope: RopeConfig | null;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly embeddingDropout: number;
  /** Standard deviation of newly initialized weights. */
  readonly initializerRange: number;
  /** A classifier pools at the last token other than this one; null if config.json has none. */
  readonly padId: number | null;
  /** Row of the token embedding that is not trained: config.json's `pad_token_id`, where transformers does so. */
  readonly paddingIndex: number | null;
}

/** Settings of rotary position embeddings (RoPE). */
export interface RopeConfig {
  readonly theta: number;
  readonly scaling: null | {
    readonly kind: 'llama3';
    readonly factor: number;
    readonly lowFrequencyFactor: number;
    readonly highFrequencyFactor: number;
    readonly originalMaxPositions: number;
  };
}

export type CheckpointConfig = (EncoderConfig | DecoderConfig) & {
  /** The content of config.json, which saved checkpoints repeat. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Names of the classification head's outputs, in order; null for a checkpoint without such a head. */
  readonly classes: readonly string[] | null;
};
