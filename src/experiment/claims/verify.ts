/** The claims of the paper, measured again one after another. */
import path from 'node:path';
import * as z from 'zod';
import { type Claim, type ClaimContext, foundSchema } from './claim.ts';
import { cost } from './cost.ts';
import { decay } from './decay.ts';
import { Digits } from './digits.ts';
import { innerProducts } from './innerProducts.ts';
import { regimes } from './regimes.ts';
import { publishedCode, spread } from './spreadTasks.ts';
import { stability } from './stability.ts';
import { ClaimRuns, type TrainingsCallbacks } from './trainings.ts';
import { weights } from './weights.ts';

/** In the order in which they are told. */
const claims: readonly Claim[] = [
  innerProducts,
  weights,
  decay,
  stability,
  spread,
  publishedCode,
  cost,
  regimes,
];

export const claimNames = claims.map(({ name }) => name);

export const verifiedSchema = foundSchema.extend({ name: z.string(), claim: z.string() });
export type Verified = z.infer<typeof verifiedSchema>;

export interface VerifyOptions {
  /** Folder of the runs, which are kept. */
  readonly out: string;
  /** Default: all. */
  readonly names?: readonly string[];
  /** Paired seeds of every claim; default: each claim's own number. */
  readonly seeds?: number;
  /** Folder with data that no package carries. */
  readonly data?: string;
  /** Folder of the carried digits; default: that of the package. */
  readonly digits?: string;
}

/**
 * @param onVerified called for each claim once it is measured
 * @throws VerifyStopped if the process was asked to end; what was trained is kept
 */
export async function verifyClaims(
  { out, names = claimNames, seeds, data, digits }: VerifyOptions,
  callbacks: TrainingsCallbacks,
  onVerified: (verified: Verified) => void,
): Promise<Verified[]> {
  const made = path.resolve(out, 'data');
  const context: ClaimContext = {
    runs: new ClaimRuns(out, callbacks),
    digits: new Digits(made, digits),
    data: data ?? null,
    made,
    seeds: (standard) => Array.from({ length: seeds ?? standard }, (_, seed) => seed),
  };
  const all: Verified[] = [];
  for (const { name, claim, measure } of claims.filter((it) => names.includes(it.name))) {
    const verified = { name, claim, ...(await measure(context)) };
    onVerified(verified);
    all.push(verified);
  }
  return all;
}
