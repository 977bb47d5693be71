import type { Path } from './document.ts';

/** Something wrong at a path of a config. */
export interface Finding {
  readonly path: Path;
  /** The key itself is wrong, not what it stands for. */
  readonly isKey?: boolean;
  readonly message: string;
  readonly expected: string;
  readonly suggestion?: string | undefined;
}

/** "data.features[2]"; "the config" for the whole. */
export function pathWords(path: Path): string {
  const words = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return words.replace(/^\./, '') || 'the config';
}
