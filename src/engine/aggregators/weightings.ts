import type { AggregatorName } from '../types.ts';
import { alignedMtlWeighting } from './alignedMtl.ts';
import { cagradWeighting } from './cagrad.ts';
import type { Weighting } from './description.ts';
import { gradvacWeighting } from './gradvac.ts';
import { grainWeighting } from './grain.ts';
import { grainNormalizedWeighting } from './grainNormalized.ts';
import { grainStreamingWeighting } from './grainStreaming.ts';
import { imtlGWeighting } from './imtlG.ts';
import { inverseNormWeighting } from './inverseNorm.ts';
import { meanWeighting } from './mean.ts';
import { meanNormMatchedWeighting } from './meanNormMatched.ts';
import { nashMtlWeighting } from './nashMtl.ts';
import { normalizedMeanWeighting } from './normalizedMean.ts';
import { pcgradWeighting } from './pcgrad.ts';
import { upgradWeighting } from './upgrad.ts';

/** How each aggregator that k² inner products decide weighs the groups; those without an entry are computed in training. */
export const weightings: Readonly<Partial<Record<AggregatorName, Weighting>>> = {
  grain: grainWeighting,
  mean: meanWeighting,
  'grain-normalized': grainNormalizedWeighting,
  'grain-streaming': grainStreamingWeighting,
  upgrad: upgradWeighting,
  pcgrad: pcgradWeighting,
  gradvac: gradvacWeighting,
  cagrad: cagradWeighting,
  'aligned-mtl': alignedMtlWeighting,
  'imtl-g': imtlGWeighting,
  'nash-mtl': nashMtlWeighting,
  'mean-norm-matched': meanNormMatchedWeighting,
  'inverse-norm': inverseNormWeighting,
  'normalized-mean': normalizedMeanWeighting,
};
