/** `npm run fuzz -- --of solve --count 100000 --seed 0`: one of the fuzzers, for as long as you like. */
import { parseArgs } from 'node:util';
import { openDevice } from '../../src/backends/device.ts';
import { compareWithTransformers } from './againstTransformers.ts';
import { fuzzCheckpoints, fuzzConfigs, fuzzSafetensors, fuzzTokenizers } from './checkpoints.ts';
import { fuzzData } from './data.ts';
import { fuzzGrainConfigs } from './grainConfigs.ts';
import { fuzzSolve } from './solve.ts';
import { type FuzzedFormat, fuzzedFormats } from './tables.ts';

type Fuzzer = (count: number, seed: number) => Promise<string>;

/** By name, each with a sentence about how it came out. */
const fuzzers: Readonly<Record<string, Fuzzer>> = {
  async solve(count, seed) {
    const { answered, errors, slowest } = await fuzzSolve(count, seed);
    return `${answered} lines: ${answered - errors} solved, ${errors} answered with an error; slowest answer ${slowest.toFixed(2)} s`;
  },
  async transformers(count, seed) {
    const { equal, refusedHere, refusedThere } = await compareWithTransformers(count, seed);
    return `${count} tokenizers: ${equal} opened by both, with the same tokens; ${refusedHere} refused here, ${refusedThere} by transformers`;
  },
  tokenizers: ofCheckpoints(fuzzTokenizers),
  configs: ofCheckpoints(fuzzConfigs),
  safetensors: ofCheckpoints(fuzzSafetensors),
  checkpoints: ofCheckpoints(fuzzCheckpoints),
  async grainConfigs(count, seed) {
    const { valid, refused } = fuzzGrainConfigs(count, seed);
    return `${count} configs: ${valid} valid, ${refused} refused`;
  },
  ...Object.fromEntries(fuzzedFormats.map((format) => [format, ofTables(format)])),
};

function ofCheckpoints(fuzz: typeof fuzzCheckpoints): Fuzzer {
  return async (count, seed) => {
    await openDevice('cpu');
    const { cases, refused } = await fuzz(count, seed);
    return `${cases} cases: ${refused} refused by name, ${cases - refused} read rightly`;
  };
}

function ofTables(format: FuzzedFormat): Fuzzer {
  return async (count, seed) => {
    const { read, refused, peerRead, peerRefused } = await fuzzData(format, count, seed);
    const lenient = peerRefused > 0 ? `, ${peerRefused} read although the peer refuses them` : '';
    return `${count} files: ${read} read as the peer does, ${refused} refused (${peerRead} of them read by the peer)${lenient}`;
  };
}

const { values } = parseArgs({
  options: {
    of: { type: 'string', default: 'solve' },
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '0' },
  },
});
const { of } = values;
if (!Object.hasOwn(fuzzers, of)) {
  throw new Error(`--of ${of}. Expected ${Object.keys(fuzzers).join(', ')}`);
}
console.log(await fuzzers[of]!(Number(values.count), Number(values.seed)));
