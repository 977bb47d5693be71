import type { AlarmCode } from '../../config/alarms.ts';
import {
  guaranteeViolated,
  guardStalled,
  stalledDirection,
  updateConflict,
} from './directionRules.ts';
import { explodingLoss, lossSpike, nonFinite, vanishingGradients } from './lossRules.ts';
import type { Rule } from './rule.ts';
import { seedApart } from './seedApart.ts';
import { belowMajority, constantPredictions } from './validationRules.ts';
import { dominantGroup, fewExamples, starvedGroup } from './weightRules.ts';

export const rules: Readonly<Record<AlarmCode, Rule>> = {
  'non-finite': nonFinite,
  'exploding-loss': explodingLoss,
  'loss-spike': lossSpike,
  'vanishing-gradients': vanishingGradients,
  'stalled-direction': stalledDirection,
  'guard-stalled': guardStalled,
  'guarantee-violated': guaranteeViolated,
  'update-conflict': updateConflict,
  'few-examples': fewExamples,
  'dominant-group': dominantGroup,
  'starved-group': starvedGroup,
  'constant-predictions': constantPredictions,
  'below-majority': belowMajority,
  'seed-apart': seedApart,
};
