/** What the panels' terms mean, each in one plain sentence: behind the "?" where they head a column. */
const glossary: Readonly<Record<string, string>> = {
  'effective groups':
    'How many groups decide the step: as many as there are if all have the same weight, 1 if a single one has all of it.',
  'pairs in conflict':
    'Share of the pairs of groups whose gradients point against each other: what helps one then harms the other.',
  'smallest cosine':
    'How well the step suits the group that it suits least: above 0 it improves every group, below 0 it makes one worse, to first order.',
  guarantee:
    'Whether the step kept what its method guarantees; “certified” and “held” mean it was checked, from the logged gradients, that the step conflicts with no group.',
  'relative gap':
    'How far the weights may be from the best ones, as a share of the step’s squared length: 0 is the exact solution.',
  'conflict with step':
    'Share of the groups that the step’s direction makes worse, to first order.',
  'conflict with mean':
    'Share of the groups that plain training, with the mean of the gradients, would make worse in this step.',
  'conflict with update':
    'Share of the groups that the actual change of the parameters makes worse, after momentum, rescaling and weight decay.',
  '‖d‖ / ‖ḡ‖':
    'Length of the step’s direction, relative to the mean of the gradients: below 1 the step is shorter.',
  IQM: 'Interquartile mean: the mean of the middle half of the values, which single bad seeds do not move.',
  IQR: 'Interquartile range: how far the middle half of the values reaches.',
  'standard deviation':
    'Sample standard deviation: how far the seeds’ values typically lie from their mean.',
  failed: 'Runs that diverged, or ended no better than a constant prediction, of those that count.',
};

/** The sentence of a term; undefined for a word that needs none. */
export function explanationOf(term: string): string | undefined {
  return glossary[term];
}
