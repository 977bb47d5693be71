/** A first config: what most often needs to be said, and what it may be. */
export const configTemplate = `# What to fine-tune, and how. All keys: the GRAIN config reference.
name: my-fine-tune
task: classification # or regression
model:
  architecture: mlp # or cnn, for images; "from: FOLDER" goes on from a saved tfjs checkpoint
  hidden: [64]
data:
  train: data/train.csv # CSV, TSV or JSONL with a header; paths are relative to this file
  validation: data/validation.csv
  target: label
groups: { by: microbatch, count: 8 } # or random, label, column:NAME
aggregate: [grain, mean] # the runs to compare; mean is plain training
optimizer: { name: adamw, learningRate: 1e-3, warmup: 0.1 }
batchSize: 32
steps: 200
seeds: [0, 1, 2, 3, 4]
device: auto
`;
