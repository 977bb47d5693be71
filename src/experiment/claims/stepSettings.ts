/** Where single steps are looked at: groups that are alike, and two kinds that are not. */
import type { Digits } from './digits.ts';
import { type ClaimSetting, onDigits } from './settings.ts';

export function stepSettings(digits: Digits): ClaimSetting[] {
  return [
    {
      name: 'digits-microbatch8',
      title: 'digits, 8 micro-batches',
      config: onDigits(digits, { by: 'microbatch', count: 8 }),
    },
    {
      name: 'digits-label',
      title: 'digits, by label',
      config: onDigits(digits, { by: 'label' }),
    },
    {
      name: 'digits-source-noise-source',
      title: 'digits, by source, one of four mislabelled',
      config: onDigits(digits, { by: 'column:source' }, { noise: 'source' }),
    },
  ];
}
