import { openSafetensorsFile } from '../../../../src/training/huggingface/safetensors.ts';

/** All tensors of a file, by name. */
export async function tensorsOf(file: string): Promise<Map<string, Float32Array>> {
  const tensors = await openSafetensorsFile(file);
  try {
    const entries: [string, Float32Array][] = [];
    for (const name of tensors.names) entries.push([name, await tensors.read(name)]);
    return new Map(entries);
  } finally {
    await tensors.close();
  }
}
