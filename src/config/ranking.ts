export type Better = 'higher' | 'lower';

/** A validation metric that can rank a run's checkpoints. */
export interface Ranking {
  readonly name: RankingMetric;
  readonly better: Better;
}

/** Those of each task; the first ranks where the config names none. */
export const metricsOf = {
  classification: ['accuracy', 'macroF1', 'f1', 'mcc'],
  regression: ['rmse', 'pearson', 'spearman'],
  generation: ['perplexity', 'exactMatch'],
} as const;

export type RankingMetric = (typeof metricsOf)[keyof typeof metricsOf][number];

/** Of all that validations measure, whether they can rank or not. */
export const betterOf: Readonly<Record<RankingMetric | 'loss' | 'mae', Better>> = {
  loss: 'lower',
  accuracy: 'higher',
  macroF1: 'higher',
  f1: 'higher',
  mcc: 'higher',
  rmse: 'lower',
  mae: 'lower',
  pearson: 'higher',
  spearman: 'higher',
  perplexity: 'lower',
  exactMatch: 'higher',
};

/** The metric that ranks the checkpoints of a config. */
export function rankingOf(config: {
  readonly task: keyof typeof metricsOf;
  readonly metric?: RankingMetric | undefined;
}): Ranking {
  const name = config.metric ?? metricsOf[config.task][0];
  return { name, better: betterOf[name] };
}
