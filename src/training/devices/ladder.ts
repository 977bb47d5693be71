import type { Rung } from './rung.ts';

export interface RungReport {
  readonly rung: Rung;
  readonly usable: boolean;
  /** The device's name when usable. */
  readonly name?: string;
  /** Why it cannot be used here. */
  readonly reason?: string;
  /** How to get it. */
  readonly remedy?: string;
}

export async function probeLadder(): Promise<RungReport[]> {
  throw new Error('not written yet');
}
