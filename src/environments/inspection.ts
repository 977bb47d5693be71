/** What a Python has for training, as it says itself. */
import path from 'node:path';
import * as z from 'zod';
import { carriedVersion, packagesFolder } from './carried.ts';
import { runProgram } from './program.ts';

/** Importing PyTorch for the first time may read gigabytes from a slow disk. */
const TIMEOUT_MS = 180_000;
/** The oldest minor version of Python 3 that grain_torch runs on. */
const OLDEST_MINOR = 10;
/** What the device `torch` needs. */
const NEEDED = ['torch', 'transformers', 'peft', 'safetensors', 'numpy', 'psutil'] as const;

const version = z.string().nullable();
/** What python/grain_backend/inspection.py prints. */
const inspectionSchema = z.object({
  executable: z.string(),
  version: z.string(),
  /** Whether the system's package manager wants no others in it (PEP 668). */
  isManaged: z.boolean(),
  hasPip: z.boolean(),
  packages: z.object({
    torch: version,
    transformers: version,
    peft: version,
    safetensors: version,
    numpy: version,
    psutil: version,
    grain_torch: version,
  }),
  /** Why PyTorch cannot be imported, though it is there. */
  torchProblem: z.string().nullable(),
  /** Whether PyTorch was imported, if it is there. */
  isImported: z.boolean(),
  /** "CUDA 12.8", "ROCm …", "MPS", "XPU"; null: PyTorch has no GPU. If it was not imported: what it was built for. */
  accelerator: z.string().nullable(),
  devices: z.array(
    z.object({
      name: z.string(),
      /** Bytes. */
      memory: z.object({ used: z.number(), total: z.number() }).nullable(),
      /** Share of the time in which it computed, 0…1. */
      utilization: z.number().nullable(),
    }),
  ),
});

export type Inspection = z.infer<typeof inspectionSchema>;

export interface InspectOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** Whether PyTorch is not imported: that takes seconds, and hundreds of megabytes. */
  readonly light?: boolean;
}

/** @returns why it says nothing, where it does not */
export async function inspect(
  python: string,
  { signal, timeout = TIMEOUT_MS, light = false }: InspectOptions = {},
): Promise<Inspection | { readonly problem: string }> {
  const script = path.join(packagesFolder(), 'grain_backend/inspection.py');
  const flags = light ? ['--light'] : [];
  const ended = await runProgram(python, ['-W', 'ignore', '-B', script, ...flags], {
    ...(signal && { signal }),
    timeout,
  });
  if (ended.cut === 'timedOut') return { problem: `gave no answer within ${timeout / 1000} s` };
  if (ended.cut === 'cancelled') return { problem: 'was cancelled' };
  try {
    return inspectionSchema.parse(JSON.parse(ended.stdout.at(-1) ?? ''));
  } catch {
    return { problem: ended.last.findLast((line) => line.trim() !== '') ?? 'printed nothing' };
  }
}

/** Packages that the device `torch` or a script of one's own lacks; grain_torch also if it is of another version. */
export function missingPackages({ packages, torchProblem }: Inspection): string[] {
  const missing: string[] = NEEDED.filter((name) => packages[name] === null);
  if (torchProblem !== null) missing.unshift('torch');
  if (packages.grain_torch !== carriedVersion()) missing.push('grain_torch');
  return [...new Set(missing)];
}

/** Why nothing can be installed into it; null: it can. */
export function installObstacle(found: Inspection): 'pythonTooOld' | 'externallyManaged' | null {
  const [major = 0, minor = 0] = found.version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < OLDEST_MINOR)) return 'pythonTooOld';
  return found.isManaged ? 'externallyManaged' : null;
}

/** "Python 3.11.2, torch 2.13.0, CUDA 12.8 (NVIDIA H100), grain_torch 0.1.0; without peft". */
export function formatInspection(found: Inspection): string {
  const { packages, torchProblem } = found;
  const missing = missingPackages(found).filter(
    (name) => name !== 'grain_torch' || !packages[name],
  );
  const other = packages.grain_torch !== null && packages.grain_torch !== carriedVersion();
  const parts = [
    `Python ${found.version}`,
    packages.torch && `torch ${packages.torch}`,
    packages.torch && !torchProblem && formatAccelerator(found),
    torchProblem && `torch cannot be imported: ${torchProblem}`,
    packages.grain_torch &&
      `grain_torch ${packages.grain_torch}${other ? ` instead of ${carriedVersion()}` : ''}`,
  ].filter(Boolean);
  return `${parts.join(', ')}${missing.length > 0 ? `; without ${missing.join(', ')}` : ''}`;
}

function formatAccelerator({ accelerator, devices, isImported }: Inspection): string {
  if (!isImported) return accelerator ? `built for ${accelerator}` : 'built without a GPU';
  const names = [...new Set(devices.map(({ name }) => name))].join(', ');
  return accelerator ? `${accelerator} (${names})` : 'no GPU';
}
