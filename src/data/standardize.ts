/** Rows of numbers, before they are rounded to float32. */
interface Rows {
  readonly count: number;
  readonly width: number;
  /** count×width, row-major. */
  readonly features: Float32Array | Float64Array;
}

/**
 * Shifts and scales every feature, in place, to mean 0 and standard deviation 1 over the training set; constant features are
 * shifted only. Validation data get the training set's shift and scale, so that nothing about them leaks into training.
 */
export function standardize(train: Rows, validation: Rows): void {
  const { mean, deviation } = moments(train);
  for (const { features, count, width } of [train, validation]) {
    for (let i = 0; i < count * width; i++) {
      const feature = i % width;
      features[i] = (features[i]! - mean[feature]!) / deviation[feature]!;
    }
  }
}

/** A deviation below this fraction of the mean is the rounding of these sums: the feature is constant. */
const ROUNDING = 2 ** -40;

/** Mean and standard deviation per feature; the deviation of a constant feature is 1, so that it can be divided by. */
function moments({ features, count, width }: Rows): {
  mean: Float64Array;
  deviation: Float64Array;
} {
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < count * width; i++) mean[i % width]! += features[i]! / count;
  for (let i = 0; i < count * width; i++) {
    deviation[i % width]! += (features[i]! - mean[i % width]!) ** 2 / count;
  }
  for (let j = 0; j < width; j++) {
    const root = Math.sqrt(deviation[j]!);
    deviation[j] = root > ROUNDING * Math.abs(mean[j]!) ? root : 1;
  }
  return { mean, deviation };
}
