import type { Config } from '../../experiment/config.ts';
import type { CheckpointConfig } from '../huggingface/config.ts';
import type { LoraConfig } from '../huggingface/peft.ts';
import { defaultTargets } from '../transformer/plan.ts';

/** Adapters as a config asks for them, at the architecture's usual layers if it names none. */
export function loraOf(
  { lora }: NonNullable<Config['model']['adapter']>,
  { modelType }: CheckpointConfig,
): LoraConfig {
  return { ...lora, targets: lora.targets ?? defaultTargets[modelType] };
}
