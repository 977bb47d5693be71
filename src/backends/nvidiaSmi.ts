/** What NVIDIA's driver says of its GPUs, by the tool that comes with it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { DeviceUsage } from './interface/backend.ts';

/** It answers in a fraction of a second; with a driver that hangs, never. */
const TIMEOUT_MS = 10_000;
const MIB = 2 ** 20;

const amount = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number);
/** Some GPUs do not measure it: "[N/A]". */
const percent = z.union([amount, z.string().transform(() => null)]);
/** The columns of a line; the name, which may have a comma, comes last. */
const columns = z.object({
  uuid: z.string().startsWith('GPU-'),
  'memory.used': amount,
  'memory.total': amount,
  'utilization.gpu': percent,
  driver_version: z.string(),
  name: z.string().min(1),
});
const NAMES = Object.keys(columns.shape);

export interface NvidiaGpu {
  readonly uuid: string;
  readonly name: string;
  readonly driver: string;
  /** Bytes. */
  readonly memory: { readonly used: number; readonly total: number };
  /** Share of the last second or less in which it computed, 0…1. */
  readonly utilization: number | null;
}

/** @returns none where there is no driver of NVIDIA's, or it does not answer */
export async function nvidiaGpus(command = 'nvidia-smi'): Promise<NvidiaGpu[]> {
  return query(command, []);
}

/** @returns nothing if the GPU is not found */
export async function nvidiaUsage(uuid: string, command = 'nvidia-smi'): Promise<DeviceUsage> {
  const gpu = (await query(command, [`--id=${uuid}`]))[0];
  if (!gpu) return {};
  const { memory, utilization } = gpu;
  return { memory, ...(utilization !== null && { utilization }) };
}

async function query(command: string, choice: readonly string[]): Promise<NvidiaGpu[]> {
  const args = [...choice, `--query-gpu=${NAMES}`, '--format=csv,noheader,nounits'];
  try {
    const { stdout } = await promisify(execFile)(command, args, { timeout: TIMEOUT_MS });
    return stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parseLine);
  } catch {
    return [];
  }
}

/** @throws ZodError */
function parseLine(line: string): NvidiaGpu {
  const parts = line.trim().split(', ');
  const last = NAMES.length - 1;
  const values = [...parts.slice(0, last), parts.slice(last).join(', ')];
  const gpu = columns.parse(Object.fromEntries(NAMES.map((name, i) => [name, values[i]])));
  const utilization = gpu['utilization.gpu'];
  return {
    uuid: gpu.uuid,
    name: gpu.name,
    driver: gpu.driver_version,
    memory: { used: gpu['memory.used'] * MIB, total: gpu['memory.total'] * MIB },
    utilization: utilization === null ? null : utilization / 100,
  };
}
