/** `npm run fuzz -- --count 100000 --seed 0`: `grain solve` under malformed and extreme input. */
import { parseArgs } from 'node:util';
import { fuzzSolve } from './solve.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '0' },
  },
});
const { answered, errors, slowest } = await fuzzSolve(Number(values.count), Number(values.seed));
console.log(
  `${answered} lines: ${answered - errors} solved, ${errors} answered with an error; slowest answer ${slowest.toFixed(2)} s`,
);
