/** `npm run fuzz -- --of solve --count 100000 --seed 0`: one of the fuzzers, for as long as you like. */
import { parseArgs } from 'node:util';
import { openDevice } from '../../src/backends/device.ts';
import { compareWithTransformers } from './againstTransformers.ts';
import { fuzzCheckpoints, fuzzConfigs, fuzzSafetensors, fuzzTokenizers } from './checkpoints.ts';
import { fuzzSolve } from './solve.ts';

const checkpointFuzzers = {
  tokenizers: fuzzTokenizers,
  configs: fuzzConfigs,
  safetensors: fuzzSafetensors,
  checkpoints: fuzzCheckpoints,
};

const { values } = parseArgs({
  options: {
    of: { type: 'string', default: 'solve' },
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '0' },
  },
});
const { of } = values;
const [count, seed] = [Number(values.count), Number(values.seed)];
if (of === 'solve') {
  const { answered, errors, slowest } = await fuzzSolve(count, seed);
  console.log(
    `${answered} lines: ${answered - errors} solved, ${errors} answered with an error; slowest answer ${slowest.toFixed(2)} s`,
  );
} else if (of === 'transformers') {
  const { equal, refusedHere, refusedThere } = await compareWithTransformers(count, seed);
  console.log(
    `${count} tokenizers: ${equal} opened by both, with the same tokens; ${refusedHere} refused here, ${refusedThere} by transformers`,
  );
} else if (Object.hasOwn(checkpointFuzzers, of)) {
  await openDevice('cpu');
  const { cases, refused } = await checkpointFuzzers[of as keyof typeof checkpointFuzzers](
    count,
    seed,
  );
  console.log(`${cases} cases: ${refused} refused by name, ${cases - refused} read rightly`);
} else {
  throw new Error(
    `--of ${of}. Expected solve, transformers, ${Object.keys(checkpointFuzzers).join(', ')}`,
  );
}
