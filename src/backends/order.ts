import * as tf from '@tensorflow/tfjs-core';
import { openCpu } from './cpu.ts';
import {
  type OpenRung,
  RUNGS,
  type Rung,
  type RungOpener,
  RungUnavailable,
} from './operations/backend.ts';
import { firstLine } from './operations/optionalPackage.ts';
import { openCuda, openTensorflow } from './tensorflow.ts';
import { openWasm } from './wasm/wasm.ts';
import { openWebgpu } from './webgpu/webgpu.ts';

const openers: Readonly<Record<Rung, RungOpener>> = {
  cuda: openCuda,
  tensorflow: openTensorflow,
  webgpu: openWebgpu,
  wasm: openWasm,
  cpu: openCpu,
};

export interface RungReport {
  readonly rung: Rung;
  readonly usable: boolean;
  /** Whether `auto` would stop here if the rungs above do not hold. */
  readonly automatic: boolean;
  /** The device's name, when usable. */
  readonly name?: string;
  /** Why it cannot be used here, why `auto` passes it by, or what it does without. */
  readonly reason?: string;
  /** How to get it. */
  readonly remedy?: string;
}

/** Tries one rung. A usable one comes back open: whoever tries it closes it. */
export async function tryRung(rung: Rung): Promise<{ report: RungReport; open: OpenRung | null }> {
  // tfjs otherwise prints advice about itself among our output and checks arguments twice.
  tf.enableProdMode();
  try {
    const open = await openers[rung]();
    const { name, imitated = false, hindrance } = open;
    const report: RungReport = imitated
      ? {
          rung,
          usable: true,
          automatic: false,
          name,
          reason: 'it imitates a GPU in software, slower than the rungs below',
          remedy: 'install the driver of a real GPU',
        }
      : { rung, usable: true, automatic: true, name, ...(hindrance ? { reason: hindrance } : {}) };
    return { report, open };
  } catch (error) {
    const remedy = error instanceof RungUnavailable ? error.remedy : 'please report this as a bug';
    const reason = firstLine(error);
    return { report: { rung, usable: false, automatic: false, reason, remedy }, open: null };
  }
}

/** Every rung from the top, usable or why not. */
export async function probeLadder(): Promise<RungReport[]> {
  const reports: RungReport[] = [];
  for (const rung of RUNGS) {
    const { report, open } = await tryRung(rung);
    await open?.close();
    reports.push(report);
  }
  return reports;
}
