import type { AggregatorName } from '../types.ts';
import { alignedMtl } from './alignedMtl.ts';
import { cagrad } from './cagrad.ts';
import type { AggregatorDescription } from './description.ts';
import { graddrop } from './graddrop.ts';
import { gradvac } from './gradvac.ts';
import { grain } from './grain.ts';
import { grainLayerwise } from './grainLayerwise.ts';
import { grainNormalized } from './grainNormalized.ts';
import { grainStreaming } from './grainStreaming.ts';
import { imtlG } from './imtlG.ts';
import { inverseNorm } from './inverseNorm.ts';
import { mean } from './mean.ts';
import { meanNormMatched } from './meanNormMatched.ts';
import { nashMtl } from './nashMtl.ts';
import { normalizedMean } from './normalizedMean.ts';
import { pcgrad } from './pcgrad.ts';
import { upgrad } from './upgrad.ts';

export const aggregators: Readonly<Record<AggregatorName, AggregatorDescription>> = {
  grain,
  mean,
  'grain-normalized': grainNormalized,
  'grain-layerwise': grainLayerwise,
  'grain-streaming': grainStreaming,
  upgrad,
  pcgrad,
  gradvac,
  graddrop,
  cagrad,
  'aligned-mtl': alignedMtl,
  'imtl-g': imtlG,
  'nash-mtl': nashMtl,
  'mean-norm-matched': meanNormMatched,
  'inverse-norm': inverseNorm,
  'normalized-mean': normalizedMean,
};

/** The aggregator of that name, if there is one. */
export function knownAggregator(name: string): AggregatorDescription | undefined {
  return Object.hasOwn(aggregators, name) ? aggregators[name as AggregatorName] : undefined;
}

/** @throws RangeError listing the known aggregators if `name` is not one of them */
export function aggregatorNamed(name: string): AggregatorDescription {
  const known = knownAggregator(name);
  if (known) return known;
  throw new RangeError(
    `unknown aggregator "${name}"; known: ${Object.keys(aggregators).join(', ')}`,
  );
}
