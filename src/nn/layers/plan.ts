import type { ModelType } from '../../hub/architecture/checkpointConfig.ts';
import type { LoraConfig } from '../../hub/peft.ts';

/** What of a checkpoint is trained, and what is made anew. */
export interface Plan {
  /** 0: all is trained; n: neither the embeddings nor the first n layers. */
  readonly freeze: number;
  /** So many layers, from the top, start from fresh values, and so does BERT's pooler. */
  readonly reinitialize: number;
  /** Where given, adapters are trained, the head, and what starts from fresh values; nothing else. */
  readonly lora: LoraConfig | null;
  /** The head starts from fresh values. */
  readonly newHead: boolean;
  /** Of all fresh values. */
  readonly seed: number;
}

/** What adapters go to unless something else is said: queries and values, as in peft where it has a choice of its own. */
export const defaultTargets: Readonly<Record<ModelType, readonly string[]>> = {
  bert: ['query', 'value'],
  roberta: ['query', 'value'],
  distilbert: ['q_lin', 'v_lin'],
  gpt2: ['c_attn'],
  llama: ['q_proj', 'v_proj'],
  qwen2: ['q_proj', 'v_proj'],
};
