import { z } from 'zod';
import type { RopeConfig } from './description.ts';
import { count, type Document, fieldsOf, unsupported } from './fields.ts';

/** Where transformers 5 writes `rope_parameters`, 4 wrote `rope_theta` and `rope_scaling`. Where both are, the old scaling wins, and the theta of the parameters in use. */
const schema = z.object({
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.number().nullish(),
});

const factor = z.number().positive();
const llama3Schema = z.object({
  factor,
  low_freq_factor: factor,
  high_freq_factor: factor,
  original_max_position_embeddings: count.optional(),
});

/** Of Llama and Qwen2 alike, where neither is written. */
const THETA = 10_000;

/** Rotary positions. @throws CheckpointError for a scaling other than Llama 3's */
export function ropeConfig(document: Document, maxPositions: number): RopeConfig {
  const fields = fieldsOf(schema, document);
  const key = fields.rope_scaling ? 'rope_scaling' : 'rope_parameters';
  const parameters = fields[key] ?? {};
  const { theta } = fieldsOf(z.object({ theta: factor }), {
    file: document.file,
    json: { theta: parameters.rope_theta ?? fields.rope_theta ?? THETA },
  });
  const partial = parameters.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1;
  if (partial !== 1) throw unsupported(document, 'partial_rotary_factor', partial, '1');
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  if (type === 'default') return { theta, scaling: null };
  if (type !== 'llama3') throw unsupported(document, `${key}.rope_type`, type, 'default, llama3');
  const llama3 = fieldsOf(llama3Schema, { file: `${document.file}: ${key}`, json: parameters });
  return {
    theta,
    scaling: {
      kind: 'llama3',
      factor: llama3.factor,
      lowFrequencyFactor: llama3.low_freq_factor,
      highFrequencyFactor: llama3.high_freq_factor,
      originalMaxPositions: llama3.original_max_position_embeddings ?? maxPositions,
    },
  };
}
