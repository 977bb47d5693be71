import { cpus } from 'node:os';
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import type { Command } from 'commander';
import packageJson from '../../../../package.json' with { type: 'json' };
import { type NvidiaGpu, nvidiaGpus } from '../../../backends/nvidiaSmi.ts';
import { type BackendReport, probeBackends } from '../../../backends/order.ts';
import { formatInspection, missingPackages } from '../../../environments/inspection.ts';
import { isFound, survey } from '../../../environments/survey.ts';
import { fix } from './fix.ts';

interface Diagnosis {
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: { readonly platform: string; readonly cpu: string; readonly cores: number };
  /** As NVIDIA's driver tells them. */
  readonly gpus: readonly NvidiaGpu[];
  /** Fastest backend first. */
  readonly devices: readonly BackendReport[];
  /** The backend that `device: auto` selects. */
  readonly auto: string | null;
  /** The one that `device: torch` takes comes first. */
  readonly pythons: readonly PythonReport[];
}

interface PythonReport {
  readonly path: string;
  readonly origin: string;
  /** What it has, or why it says nothing. */
  readonly summary: string;
  /** Packages that it lacks; null: not known. */
  readonly missing: readonly string[] | null;
}

interface DoctorOptions {
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly python?: string;
  readonly webgpu?: boolean;
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'list the devices that can train here, why others cannot, and which one auto selects; with --fix, install what PyTorch lacks',
    )
    .option('--json', 'print one JSON object')
    .option(
      '--fix',
      'make an environment of GRAIN’s own with PyTorch, where no Python lacks nothing; Ctrl-C cancels',
    )
    .option('--python <path>', 'with --fix: install what is missing into this Python instead')
    .option('--webgpu', 'with --fix: install the package webgpu instead, which needs no npm')
    .action(async ({ json, ...options }: DoctorOptions) => {
      if (options.fix) {
        process.exitCode = await fix(options);
        return;
      }
      if (options.python !== undefined || options.webgpu) {
        const option = options.webgpu ? '--webgpu' : '--python';
        program.error(`error: ${option} says what to install. Expected --fix beside it`);
      }
      const diagnosis = await diagnose();
      console.log(json ? JSON.stringify(diagnosis, null, 2) : asText(diagnosis));
      if (diagnosis.auto === null) process.exitCode = 1;
    });
}

async function diagnose(): Promise<Diagnosis> {
  const processors = cpus();
  const devices = await probeBackends();
  return {
    versions: { grain: packageJson.version, node: process.versions.node, tfjs: tfjsVersion },
    machine: {
      platform: `${process.platform} ${process.arch}`,
      cpu: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
    },
    gpus: await nvidiaGpus(),
    devices,
    auto: devices.find((report) => report.automatic)?.backend ?? null,
    pythons: await pythonReports(),
  };
}

async function pythonReports(): Promise<PythonReport[]> {
  return (await survey({ folders: [process.cwd()] })).map((python) => ({
    path: python.path,
    origin: python.origin,
    summary: isFound(python) ? formatInspection(python.found) : python.problem,
    missing: isFound(python) ? missingPackages(python.found) : null,
  }));
}

function asText({ versions, machine, gpus, devices, auto, pythons }: Diagnosis): string {
  const backends = devices.flatMap((report) => {
    const mark = report.backend === auto ? '→' : report.usable ? '✓' : '✗';
    const line = `${mark} ${report.backend.padEnd(10)} ${report.name ?? report.reason}`;
    const more = report.name ? report.reason && `usable, but ${report.reason}` : undefined;
    const indent = ' '.repeat(13);
    return [
      line,
      ...(more ? [indent + more] : []),
      ...(report.remedy ? [`${indent}to get it: ${report.remedy}`] : []),
    ];
  });
  const ofTorch = pythons.map(
    ({ path, summary, missing }) => `${missing?.length === 0 ? '✓' : '✗'} ${path}\n  ${summary}`,
  );
  return [
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${machine.platform}, ${machine.cpu}, ${machine.cores} cores`,
    ...gpus.map(formatGpu),
    '',
    ...backends,
    '',
    auto ? `device: auto trains on ${auto}` : 'no device can train here',
    ...(ofTorch.length > 0 ? ['', 'Pythons, for device: torch and scripts', ...ofTorch] : []),
    ...(ofTorch.some((line) => line.startsWith('✗')) && !ofTorch[0]?.startsWith('✓')
      ? ['  to get what is missing: grain doctor --fix']
      : []),
  ].join('\n');
}

/** "NVIDIA H100, 1.0 of 79.6 GiB used, 37 % busy, driver 570.86.15". */
function formatGpu({ name, memory, utilization, driver }: NvidiaGpu): string {
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const used = `${gibibytes(memory.used)} of ${gibibytes(memory.total)} GiB used`;
  const busy = utilization === null ? [] : [`${Math.round(100 * utilization)} % busy`];
  return [name, used, ...busy, `driver ${driver}`].join(', ');
}
