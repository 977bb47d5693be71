/** The rules by which a run raises an alarm; docs/alarms.md says what each of them compares. */
export const alarmCodes = [
  'non-finite',
  'exploding-loss',
  'loss-spike',
  'vanishing-gradients',
  'stalled-direction',
  'guard-stalled',
  'guarantee-violated',
  'update-conflict',
  'few-examples',
  'dominant-group',
  'starved-group',
  'constant-predictions',
  'below-majority',
  'seed-apart',
] as const;

export type AlarmCode = (typeof alarmCodes)[number];
