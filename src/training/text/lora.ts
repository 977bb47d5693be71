import type { Config } from '../../config/schema.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { LoraConfig } from '../../hub/peft.ts';
import { defaultTargets } from '../../nn/layers/plan.ts';

/** Adapters as a config asks for them, at the architecture's usual layers if it names none. */
export function loraOf(
  { lora }: NonNullable<Config['model']['adapter']>,
  { modelType }: CheckpointConfig,
): LoraConfig {
  return { ...lora, targets: lora.targets ?? defaultTargets[modelType] };
}
