/** `checksums.json` in a checkpoint: size and CRC-32 of every other file, so that damage is noticed before it is trained on. */
import { createReadStream } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { hasCode, messageOf } from '../config/errors.ts';
import { CheckpointError, readJson, validate } from '../hub/checkpointFile.ts';

const FILE = 'checksums.json';
const count = z.int().nonnegative();
const schema = z.record(z.string(), z.object({ bytes: count, crc32: count }));

/** Writes the checksums of all files in a folder. */
export async function writeChecksums(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== FILE).sort();
  const sums: z.infer<typeof schema> = {};
  for (const name of names) sums[name] = await checksumOf(path.join(folder, name));
  await writeFile(path.join(folder, FILE), JSON.stringify(sums), { flush: true });
}

/** @throws CheckpointError naming the first file that is missing or not as it was written */
export async function verifyChecksums(folder: string): Promise<void> {
  const listFile = path.join(folder, FILE);
  const sums = validate(schema, listFile, await readJson(listFile));
  for (const [name, expected] of Object.entries(sums)) {
    const file = path.join(folder, name);
    const found = await readable(file);
    if (found.bytes !== expected.bytes) {
      throw new CheckpointError(
        `${file} is damaged: it has ${found.bytes} bytes instead of ${expected.bytes}`,
      );
    }
    if (found.crc32 !== expected.crc32) {
      throw new CheckpointError(`${file} is damaged: its bytes are not those that were written`);
    }
  }
}

async function readable(file: string) {
  try {
    return await checksumOf(file);
  } catch (error) {
    const reason = hasCode(error, 'ENOENT') ? 'is missing' : `cannot be read: ${messageOf(error)}`;
    throw new CheckpointError(`${file} ${reason}`, { cause: error });
  }
}

async function checksumOf(file: string) {
  const { size } = await stat(file);
  let sum = 0;
  for await (const chunk of createReadStream(file)) sum = crc32(chunk, sum);
  return { bytes: size, crc32: sum };
}
