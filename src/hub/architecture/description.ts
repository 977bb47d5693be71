/** Networks that are built here, by the `model_type` of their config.json. */
export type ModelType = 'bert' | 'roberta' | 'distilbert' | 'gpt2' | 'llama' | 'qwen2';

/** A bidirectional encoder with learned positions and layer norms after each sublayer. */
export interface EncoderConfig {
  readonly kind: 'encoder';
  /** CamemBERT and XLM-RoBERTa are RoBERTa with other vocabularies; MiniLM is BERT. */
  readonly modelType: 'bert' | 'roberta' | 'distilbert';
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Of the feed-forward sublayer. */
  readonly innerWidth: number;
  readonly vocabulary: number;
  /** Rows of the table of positions; RoBERTa leaves those up to `padId` unused. */
  readonly maxPositions: number;
  /** 0 where the network has no token types (DistilBERT). */
  readonly typeVocabulary: number;
  readonly normEpsilon: number;
  /** `gelu` is the exact one, by the error function; `gelu_new` its approximation by tanh. */
  readonly activation: 'gelu' | 'gelu_new' | 'relu';
  readonly dropout: number;
  readonly attentionDropout: number;
  /** Before the classification head. */
  readonly classifierDropout: number;
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number;
  readonly padId: number;
}

/** A causal decoder. */
export interface DecoderConfig {
  readonly kind: 'decoder';
  readonly modelType: 'gpt2' | 'llama' | 'qwen2';
  readonly layers: number;
  readonly heads: number;
  /** Fewer than `heads` in grouped-query attention. */
  readonly keyValueHeads: number;
  readonly headWidth: number;
  readonly width: number;
  readonly innerWidth: number;
  readonly vocabulary: number;
  readonly maxPositions: number;
  readonly normEpsilon: number;
  /** Llama and Qwen2 have SiLU alone. */
  readonly activation: 'gelu_new' | 'gelu' | 'silu';
  /** The table of tokens is the output layer's matrix too. */
  readonly tiedEmbeddings: boolean;
  /** Whether queries, keys and values have a bias. */
  readonly attentionBias: boolean;
  /** Whether attention's output projection has one. */
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** Rotary positions; null where positions are learned (GPT-2). */
  readonly rope: RopeConfig | null;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly embeddingDropout: number;
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number;
}

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
  /** As it was read, for saving. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Names that a saved classification head gives its outputs, in their order; null where there is no such head. */
  readonly classes: readonly string[] | null;
};
