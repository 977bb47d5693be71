import type { TextDataset } from '../../data/dataset.ts';

/** What is to be said of texts that a file has nothing for. @param file as the config names it */
export function emptyTexts(file: string, dataset: Pick<TextDataset, 'emptyTexts'>): string[] {
  if (!dataset.emptyTexts) return [];
  const { count, first } = dataset.emptyTexts;
  return [
    `${file}: empty texts: ${count}, the first in ${first}; their examples are used with what the other texts say`,
  ];
}
