/** A first config with the keys that are needed most often. */
export interface Template {
  readonly label: string;
  readonly detail: string;
  readonly text: string;
}

export const templates: readonly Template[] = [
  {
    label: 'Template: texts',
    detail:
      'Fine-tune a pretrained transformer from the Hugging Face Hub to classify texts or pairs of texts',
    text: `# What to fine-tune, and how. In VS Code, Ctrl+Space lists all keys, and hovering over one explains it.
name: my-fine-tune
task: classification # or regression, or generation with a language model
model:
  from: sentence-transformers/all-MiniLM-L6-v2 # on the Hugging Face Hub, or a folder with a checkpoint
  adapter: { lora: { rank: 8 } } # trains small matrices; without this key, all weights
data:
  train: data/train.tsv # CSV, TSV, JSON, Parquet or Arrow; paths are relative to this file
  validation: data/validation.tsv
  text: [sentence1, sentence2] # one column or two
  target: label
groups: { by: microbatch, count: 8 } # or random, label, length, column:NAME such as the source of an example
# The aggregators to compare; mean is plain training. grain as well where a source may be mislabelled, but not with groups
# by label, where one fitted class stalls it. On clean data in micro-batches expect no gain.
aggregate: [grain-normalized, mean]
optimizer: { name: adamw, learningRate: 5e-4, warmup: 0.1, decay: linear }
batchSize: 32
batches: similar-length # for little padding
steps: 500
seeds: [0, 1, 2, 3, 4]
device: auto
`,
  },
  {
    label: 'Template: numbers',
    detail: 'Train a small network to classify rows of a table or images',
    text: `# What to fine-tune, and how. In VS Code, Ctrl+Space lists all keys, and hovering over one explains it.
name: my-fine-tune
task: classification # or regression
model:
  architecture: mlp # or cnn, for images; "from: FOLDER" continues from a saved tfjs checkpoint
  hidden: [64]
data:
  train: data/train.csv # CSV, TSV, JSON, Parquet or Arrow; paths are relative to this file
  validation: data/validation.csv
  target: label
groups: { by: microbatch, count: 8 } # or random, label, column:NAME such as the source of an example
# The aggregators to compare; mean is plain training. grain as well where a source may be mislabelled, but not with groups
# by label, where one fitted class stalls it. On clean data in micro-batches expect no gain.
aggregate: [grain-normalized, mean]
optimizer: { name: adamw, learningRate: 1e-3, warmup: 0.1 }
batchSize: 32
steps: 200
seeds: [0, 1, 2, 3, 4]
device: auto
`,
  },
];
