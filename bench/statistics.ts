/**
 * How often the intervals of an experiment contain the truth, and how often its tests find a difference where there is none or
 * where there is one: `node bench/statistics.ts [--experiments 2000]` writes the tables of docs/statistics.md.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { normal } from 'pure-rand/distribution/normal';
import { mean, sampleStandardDeviation } from 'simple-statistics';
