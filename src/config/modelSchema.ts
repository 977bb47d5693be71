import * as z from 'zod';
import { adapter } from './adapterSchema.ts';
import { coefficient, whole } from './numberSchema.ts';

export const model = z.strictObject({
  from: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'owner/name on the Hugging Face Hub, or the path of a folder' })
    .describe(
      'The pretrained model to start from: a repository on the Hugging Face Hub (`owner/name` or `owner/name@revision`), a folder with a Hugging Face checkpoint (`config.json` and weights) or, for numeric features, a folder with a TensorFlow.js layers model (`model.json` and weights). A run’s checkpoints are such folders, unless adapters were trained. A path that exists, or begins with `.`, `/` or `~`, is a folder. Without this key a new network is created.',
    ),
  architecture: z
    .enum(['mlp', 'cnn'])
    .optional()
    .describe(
      'Architecture of a new network: `mlp`, dense layers with ReLU; `cnn`, 3×3 convolutions with ReLU, each followed by 2×2 max pooling (needs `data.image`). Default without `from`: `mlp`.',
    ),
  hidden: z
    .array(whole(1))
    .optional()
    .describe('Units of each hidden layer of an `mlp`; `[]` is a linear model. Default: `[64]`.'),
  filters: z
    .array(whole(1))
    .min(1)
    .optional()
    .describe('Filters of each convolution of a `cnn`. Default: `[8, 16]`.'),
  freeze: whole(0)
    .default(0)
    .describe(
      'With `from`: number of layers with parameters to freeze, counted from the input. For a transformer: number of blocks, plus the embeddings. Frozen blocks get no adapter.',
    ),
  head: z
    .enum(['keep', 'new'])
    .optional()
    .describe(
      'With `from`: `keep` continues training the last layer, `new` replaces it by a newly initialized one. Default: the layer is kept if it has as many outputs as the task needs. A transformer’s classification head must also have the names of the classes (`id2label` in `config.json`, where LABEL_0 is class 0); outputs and classes are matched by name, in any order; where names differ only in how they are written (True, true; 1.0, 1), with a warning. If the names differ, a new head is trained and a warning says so; with `keep`, outputs are assigned to the classes in order, and a warning lists the assignment. Models for generation always keep their head.',
    ),
  adapter: adapter
    .optional()
    .describe(
      'For transformers: train one of these adapters, the head and reinitialized weights; freeze all other weights.',
    ),
  reinitialize: whole(0)
    .default(0)
    .describe(
      'For transformers: number of blocks to reinitialize, counted from the output (Zhang et al. 2021).',
    ),
  dropout: coefficient()
    .optional()
    .describe(
      'For transformers: dropout rate of hidden states, of attention and before the head. Default: the rates in the checkpoint’s `config.json`.',
    ),
  dtype: z
    .enum(['float32', 'bfloat16', 'float16'])
    .default('float32')
    .describe(
      'For transformers, with `device: torch`: what products and activations are computed in (automatic mixed precision). Parameters, gradients’ sums and the optimizer stay in float32. With `float16` losses are scaled, and gradients unscaled before they are compared.',
    ),
  quantize: z
    .enum(['4bit', '8bit'])
    .optional()
    .describe(
      'For transformers, with `device: torch` on a GPU with CUDA: load the frozen weights in 4 bits (NF4) or 8 bits by bitsandbytes, and train adapters beside them (QLoRA). Needs `model.adapter`.',
    ),
  checkpointing: z
    .boolean()
    .default(false)
    .describe(
      'For transformers: gradient checkpointing. Only each block’s input is saved; its activations are recomputed in the backward pass. Uses less memory and more time; results are identical.',
    ),
});
