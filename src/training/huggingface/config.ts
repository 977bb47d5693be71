/** What a decoder of the Llama or GPT-2 family is built from. */
export interface DecoderConfig {
  readonly kind: 'decoder';
  readonly modelType: 'gpt2' | 'llama' | 'qwen2';
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
  readonly width: number;
  readonly innerWidth: number;
  readonly vocabulary: number;
  readonly maxPositions: number;
  readonly normEpsilon: number;
  readonly activation: 'gelu_new' | 'gelu' | 'silu';
  readonly tiedEmbeddings: boolean;
  readonly attentionBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  readonly rope: RopeConfig | null;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly embeddingDropout: number;
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
