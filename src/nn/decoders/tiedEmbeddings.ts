import type { DecoderConfig } from '../../hub/architecture/checkpointConfig.ts';
import { type CheckpointSource, readWeights, type TensorReader } from '../parameters/source.ts';

/** The token embedding's name without the prefix, by architecture. */
const embeddingName = ({ modelType }: DecoderConfig) =>
  modelType === 'gpt2' ? 'wte.weight' : 'embed_tokens.weight';
const HEAD = 'lm_head.weight';

/**
 * Decides as transformers 5 does whether a language model's head is its token embedding: if config.json ties the two, but the
 * checkpoint has both with different values, they are not tied; if it has only the head, the head is the embedding too.
 */
export async function tieEmbeddings({
  config,
  tensors,
  file,
  checksOnly,
}: Pick<CheckpointSource<DecoderConfig>, 'config' | 'tensors' | 'file' | 'checksOnly'>): Promise<{
  readonly tensors: TensorReader;
  readonly isTied: boolean;
}> {
  const hasHead = checksOnly !== 'plan' && tensors.names.includes(HEAD);
  if (!config.tiedEmbeddings || !hasHead) {
    return { tensors, isTied: config.tiedEmbeddings };
  }
  const name = embeddingName(config);
  const embedding = tensors.names.find((full) => full === name || full.endsWith(`.${name}`));
  if (embedding === undefined) return { tensors: renamed(tensors, HEAD, name), isTied: true };
  if (checksOnly) return { tensors, isTied: true };
  const [head, tokens] = [
    await readWeights(tensors, HEAD, file),
    await readWeights(tensors, embedding, file),
  ];
  const isTied = head.length === tokens.length && head.every((value, i) => value === tokens[i]);
  return { tensors, isTied };
}

/** The same tensors, one of them under another name. */
function renamed(tensors: TensorReader, from: string, to: string): TensorReader {
  const original = (name: string) => (name === to ? from : name);
  return {
    names: tensors.names.map((name) => (name === from ? to : name)),
    shapeOf: (name) => tensors.shapeOf(original(name)),
    dtypeOf: (name) => tensors.dtypeOf(original(name)),
    read: (name) => tensors.read(original(name)),
  };
}
