/** `npm run faults -- --count 1000 --seed 0`, after `npm run build`: a real run under faults at random moments. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faults, strike } from './faults.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0' },
  },
});
const grain = fileURLToPath(new URL('../../dist/grain.js', import.meta.url));
const { struck, finished } = await strike(Number(values.count), Number(values.seed), grain);
for (const fault of faults) console.log(`${fault}: ${struck[fault]}`);
console.log(`${finished} runs finished, each with the outcome of an undisturbed run, bit for bit`);
