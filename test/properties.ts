/**
 * Preloaded into every test file: property tests draw from one seed, so that what a suite found it finds again. A failure
 * prints the seed.
 */
import fc from 'fast-check';

const seed = Number(process.env.FAST_CHECK_SEED ?? 20260);
if (!Number.isInteger(seed)) throw new Error('FAST_CHECK_SEED: expected an integer');
fc.configureGlobal({ seed });

process.once('exit', (status) => {
  const file = process.argv[1];
  if (status === 0 || file === undefined) return;
  console.error(
    `Property tests had the seed ${seed}: FAST_CHECK_SEED=${seed} npm run test:file -- ${file}`,
  );
});
