import { cpus } from 'node:os';
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import type { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { type BackendReport, probeBackends } from '../../backends/order.ts';

interface Diagnosis {
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: { readonly platform: string; readonly cpu: string; readonly cores: number };
  /** Fastest backend first. */
  readonly devices: readonly BackendReport[];
  /** The backend that `device: auto` selects. */
  readonly auto: string | null;
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'list the devices that can train here, why others cannot, and which one auto selects',
    )
    .option('--json', 'print one JSON object')
    .action(async (options: { json?: boolean }) => {
      const diagnosis = await diagnose();
      console.log(options.json ? JSON.stringify(diagnosis, null, 2) : asText(diagnosis));
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
    devices,
    auto: devices.find((report) => report.automatic)?.backend ?? null,
  };
}

function asText({ versions, machine, devices, auto }: Diagnosis): string {
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
  return [
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${machine.platform}, ${machine.cpu}, ${machine.cores} cores`,
    '',
    ...backends,
    '',
    auto ? `device: auto trains on ${auto}` : 'no device can train here',
  ].join('\n');
}
