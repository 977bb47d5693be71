export type Better = 'higher' | 'lower';

/** A validation metric that can rank a run's checkpoints. */
export interface Ranking {
  readonly name: RankingMetric;
  readonly better: Better;
}

/** By task; the first is the default. */
export const metricsOf = {
  classification: ['accuracy', 'macroF1', 'f1', 'mcc'],
  regression: ['rmse', 'pearson', 'spearman'],
  generation: ['perplexity', 'exactMatch'],
} as const;

export type RankingMetric = (typeof metricsOf)[keyof typeof metricsOf][number];

/** For all metrics of validations, including those that cannot rank. */
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
