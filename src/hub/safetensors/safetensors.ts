import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { CheckpointError, readJson } from '../checkpointFile.ts';
import { openSafetensorsFile, type TensorFile } from './file.ts';

export {
  type NamedTensor,
  openSafetensorsFile,
  type TensorFile,
  writeSafetensors,
} from './file.ts';

/** Names that transformers gives the files of a checkpoint's weights. */
export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX_FILE = 'model.safetensors.index.json';

/**
 * Opens the weights of a checkpoint: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
 * @throws CheckpointError if they are missing, damaged or in another format
 */
export async function openSafetensors(folder: string): Promise<TensorFile> {
  const whole = path.join(folder, WEIGHTS_FILE);
  if (existsSync(whole)) return openSafetensorsFile(whole);
  const index = path.join(folder, WEIGHTS_INDEX_FILE);
  if (existsSync(index)) return openShards(index);
  throw new CheckpointError(`${folder} has no ${WEIGHTS_FILE}${await conversionAdvice(folder)}`);
}

/**
 * Names of the files that hold the weights of a checkpoint.
 * @throws CheckpointError for a damaged index
 */
export async function weightFiles(folder: string): Promise<readonly string[]> {
  if (existsSync(path.join(folder, WEIGHTS_FILE))) return [WEIGHTS_FILE];
  const shardOf = await readIndex(path.join(folder, WEIGHTS_INDEX_FILE));
  return [...new Set(shardOf.values())];
}

const SAVE_AGAIN = 'Download or save the checkpoint again';

/** Shards are in the folder of their index: a name with a path in it could point anywhere. */
const indexSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+\.safetensors$/)),
});

/** Maps the names of tensors to those of the files that contain them. */
async function readIndex(index: string): Promise<Map<string, string>> {
  const { success, data } = indexSchema.safeParse(await readJson(index));
  if (!success) {
    throw new CheckpointError(
      `${index} has no valid weight_map. Expected names of tensors with the names of safetensors files in the same folder. ${SAVE_AGAIN}`,
    );
  }
  return new Map(Object.entries(data.weight_map));
}

async function openShards(index: string): Promise<TensorFile> {
  const shardOf = await readIndex(index);
  const shards = new Map<string, TensorFile>();
  const close = async () => {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
  };
  try {
    for (const name of new Set(shardOf.values())) {
      const file = path.join(path.dirname(index), name);
      if (!existsSync(file)) {
        throw new CheckpointError(`${index} lists ${name}, which is missing. ${SAVE_AGAIN}`);
      }
      shards.set(name, await openSafetensorsFile(file));
    }
    const contents = new Map([...shards].map(([name, shard]) => [name, new Set(shard.names)]));
    for (const [tensor, name] of shardOf) {
      if (contents.get(name)!.has(tensor)) continue;
      throw new CheckpointError(
        `${index} says that ${name} contains "${tensor}", but the file does not contain it. ${SAVE_AGAIN}`,
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  const shard = (tensor: string) => {
    const name = shardOf.get(tensor);
    if (name === undefined) throw new RangeError(`${index} has no tensor "${tensor}"`);
    return shards.get(name)!;
  };
  return {
    names: [...shardOf.keys()],
    shapeOf: (name) => shard(name).shapeOf(name),
    dtypeOf: (name) => shard(name).dtypeOf(name),
    read: (name) => shard(name).read(name),
    close,
  };
}

/** Names a file of another format in the folder, and the Python command that converts it. */
async function conversionAdvice(folder: string): Promise<string> {
  const files = await readdir(folder);
  const gguf = files.find((file) => file.endsWith('.gguf'));
  if (gguf !== undefined) {
    const from = `from_pretrained(".", gguf_file="${gguf}"`;
    return inPython(gguf, [
      'from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig',
      `AutoModelForCausalLM.${from}, quantization_config=GgufConfig(dequantize=True)).save_pretrained(".")`,
      `AutoTokenizer.${from}).save_pretrained(".")`,
    ]);
  }
  const pickles = files.filter((file) => /^pytorch_model.*\.bin$/.test(file)).sort();
  if (pickles.length > 0) {
    return inPython(pickles[0]!, [
      'import glob, torch',
      'from safetensors.torch import save_file',
      'w = {k: v for f in glob.glob("pytorch_model*.bin") for k, v in torch.load(f, weights_only=True).items()}',
      'save_file({k: v.clone().contiguous() for k, v in w.items()}, "model.safetensors", {"format": "pt"})',
    ]);
  }
  return '. Is it the folder of a Hugging Face checkpoint?';
}

function inPython(found: string, statements: readonly string[]): string {
  // A shell could run a part of another name as a command.
  if (!/^[\w.-]+$/.test(found)) return '. It has weights in a format that is not supported';
  return `. It has ${found}, a format that is not supported. Convert it, in that folder: python -c '${statements.join('; ')}'`;
}
