import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { solveStream } from '../../src/cli/commands/solve.ts';
import { weightings } from '../../src/engine/aggregators/weightings.ts';
import type { AggregatorName } from '../../src/engine/types.ts';
import { grainScript } from '../built.ts';

const solvable = Object.keys(weightings) as AggregatorName[];

interface Outcome {
  readonly answers: string[];
  readonly bad: number;
}

/** What `grain solve` answers to an input that arrives in the given pieces. */
async function solve(
  pieces: readonly (string | Uint8Array)[],
  aggregator: AggregatorName = 'grain',
): Promise<Outcome> {
  const chunks: string[] = [];
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const input = Readable.from(pieces.map((piece) => Buffer.from(piece)));
  const bad = await solveStream(input, output, aggregator);
  return { answers: chunks.join('').split('\n').slice(0, -1), bad };
}

const problem = '{"gram":[[1,-0.5],[-0.5,4]]}\n';
const solution =
  '{"weights":[0.75,0.25],"norm2":0.625,"gap":0,"minCosine":0.3952847075210474,' +
  '"conflictRate":1,"effectiveGroups":1.6,"warnings":[]}';

test('one line in, one line out, fields in the documented order', async () => {
  assert.deepEqual(await solve([problem]), { answers: [solution], bad: 0 });
});

test('gradients give what their Gram matrix gives', async () => {
  const { answers } = await solve([
    '{"gradients":[[1,0],[-0.5,1]]}\n{"gram":[[1,-0.5],[-0.5,1.25]]}',
  ]);
  assert.equal(answers.length, 2);
  assert.equal(answers[0], answers[1]);
});

test('the aggregator is that of the line, else that of the option', async () => {
  const line = (name: string) => `{"gram":[[1,2],[2,9]],"aggregator":"${name}","sizes":[3,1]}\n`;
  const anonymous = '{"gram":[[1,2],[2,9]]}\n';
  const { answers } = await solve([line('grain'), line('mean'), anonymous], 'mean');
  assert.deepEqual(
    answers.map((answer) => JSON.parse(answer).weights),
    [
      [1, 0],
      [0.75, 0.25],
      [0.5, 0.5],
    ],
  );
});

test('parameters, smoothing and seed are the line’s; memory goes from answer to line', async () => {
  const conflict = '"gram":[[1,-0.5],[-0.5,1]]';
  const { answers, bad } = await solve([
    `{${conflict},"aggregator":"cagrad","parameters":{"c":0}}\n`,
    `{${conflict},"aggregator":"gradvac","groups":[4,6]}\n`,
    `{"gram":[[1,0],[0,3]],"smoothing":0.5}\n`,
    `{"gradients":[[10,0],[10,1],[-1,1]],"aggregator":"pcgrad","seed":1}\n`,
  ]);
  assert.equal(bad, 0);
  const [cagrad, gradvac, smoothed, pcgrad] = answers.map((answer) => JSON.parse(answer));
  assert.deepEqual(cagrad.weights, [0.5, 0.5]);
  assert.equal('memory' in cagrad, false);
  assert.equal(gradvac.gap, null);
  assert.deepEqual(gradvac.memory, { groups: [4, 6], state: [0, -0.25, -0.25, 0] });
  assert.equal(pcgrad.weights.length, 3);

  const next = {
    gram: [
      [1, 0],
      [0, 1],
    ],
    smoothing: 0.5,
    memory: smoothed.memory,
  };
  const second = await solve([JSON.stringify(next)]);
  const [half] = JSON.parse(second.answers[0]!).weights;
  assert.ok(Math.abs(half - 0.625) < 1e-15);
});

test('input cut anywhere, blank lines, CRLF and a missing last newline make no difference', async () => {
  const whole = Buffer.from(`${problem}\r\n\n{"gram":[[1,"é"]]}\r\n${problem.trim()}`);
  const expected = await solve([whole]);
  assert.equal(expected.answers.length, 3);
  assert.equal(JSON.parse(expected.answers[1]!).line, 4);
  for (let cut = 0; cut <= whole.length; cut++) {
    assert.deepEqual(await solve([whole.subarray(0, cut), whole.subarray(cut)]), expected);
  }
});

const badLines: [string, RegExp][] = [
  ['not json', /not valid JSON/],
  ['[1]', /expected object/],
  ['null', /expected object/],
  ['{}', /either "gram" or "gradients"/],
  ['{"gram":[[1]],"gradients":[[1]]}', /either "gram" or "gradients"/],
  ['{"gram":[]}', /gram is empty/],
  ['{"gradients":[]}', /gradients is empty/],
  ['{"gram":5}', /gram: .*expected array/],
  ['{"gram":[1,2]}', /gram\[0\] is not an array/],
  ['{"gram":[[1,2],[2]]}', /gram\[1\] has 1 entries; expected 2/],
  ['{"gram":[[1,"2"],[2,1]]}', /gram\[0\]\[1\] is "2"; expected a number or null/],
  ['{"gradients":[[1,2],[3]]}', /gradient 1 has 1 entries, gradient 0 has 2/],
  ['{"gradients":[[1,[2]]]}', /gradients\[0\]\[1\] is an array; expected a number/],
  [`{"gram":[[${'['.repeat(1e5)}${']'.repeat(1e5)}]]}`, /gram\[0\]\[0\] is an array/],
  [`{"gradients":[${'[],'.repeat(4096)}[]]}`, /4097 groups; expected at most 4096/],
  [`{"gradients":[${'[0],'.repeat(99)}[0]],"zeroGroups":"error"}`, /groups 0, .*, 19 and 80 more/],
  ['{"gram":[[1,2],[2,1]]}', /not a Gram matrix/],
  ['{"gram":[[-1]]}', /not a Gram matrix/],
  ['{"gram":[[0,1],[1,0]]}', /not a Gram matrix: ‖g0‖² is 0, .* eigenvalue is -1$/],
  ['{"gram":[[0,1],[1,4]]}', /not a Gram matrix: ‖g0‖² is 0/],
  ['{"gram":[[1,0.9,-0.9],[0.9,1,0.9],[-0.9,0.9,1]]}', /smallest eigenvalue is -0.8 /],
  [
    '{"gram":[[4,0.018,-18],[0.018,0.0001,0.09],[-18,0.09,100]]}',
    /smallest eigenvalue is -0\.\d+ \(that of its cosines -0.8\)/,
  ],
  ['{"gramm":[[1]]}', /gramm/],
  ['{"gram":[[1]],"aggregator":"best"}', /aggregator: .*"grain"\|"mean"/],
  ['{"gram":[[1]],"aggregator":"graddrop"}', /it needs every coordinate of the gradients/],
  ['{"gram":[[1]],"aggregator":"grain-layerwise"}', /the Gram matrix of each parameter block/],
  ['{"gram":[[1]],"parameters":{"c":0.5}}', /grain has no parameter "c"/],
  ['{"gram":[[1]],"parameters":{"c":"x"}}', /parameters.c: /],
  ['{"gram":[[1]],"smoothing":1}', /smoothing is 1/],
  ['{"gram":[[1]],"seed":0.5}', /the seed is 0.5/],
  ['{"gram":[[1]],"groups":[1,2]}', /expected 1 different numbers/],
  ['{"gram":[[1]],"memory":{}}', /memory.groups/],
  ['{"gram":[[1]],"sizes":[1,2]}', /2 sizes for 1 groups/],
  ['{"gram":[[0]],"zeroGroups":"error"}', /group 0 has a zero gradient/],
];
test('invalid lines are answered with what is wrong and where; valid ones are still answered', async () => {
  const { answers, bad } = await solve([
    ...badLines.map(([line]) => `${problem}${line}\n`),
    problem,
  ]);
  assert.equal(bad, badLines.length);
  assert.equal(answers.length, 2 * badLines.length + 1);
  for (const [at, [line, message]] of badLines.entries()) {
    const answer = JSON.parse(answers[2 * at + 1]!);
    assert.deepEqual(Object.keys(answer), ['error', 'line'], line);
    assert.match(answer.error, message);
    assert.equal(answer.line, 2 * at + 2);
    assert.equal(answers[2 * at], solution);
  }
});

test('no answer contains what some readers treat as a line end', async () => {
  const { answers } = await solve(['{"\u2028\u2029":1}\n']);
  assert.doesNotMatch(answers[0]!, /[\u2028\u2029]/);
  assert.match(JSON.parse(answers[0]!).error, /\u2028\u2029/);
});

test('null and numbers beyond float64 drop their group, with a warning', async () => {
  const { answers, bad } = await solve([
    '{"gradients":[[1,0],[null,1],[1e999,1],[0,2]]}\n',
    '{"gram":[[null]]}\n',
  ]);
  assert.equal(bad, 0);
  const [first, second] = answers.map((answer) => JSON.parse(answer));
  assert.deepEqual(first.warnings[0].code, 'non-finite-group');
  assert.deepEqual(first.warnings[0].groups, [1, 2]);
  assert.ok(Math.abs(first.weights[0] - 0.8) < 1e-15 && first.weights[1] === 0);
  assert.deepEqual(second.weights, [0]);
  assert.equal(second.warnings[0].code, 'non-finite-group');
});

/** Numbers as bad input has them: ends of float64, NaN, wrong types, and plain ones. */
const extreme = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true }) },
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.constantFrom('1e999', '-1e999', '1e-320', '5e-324', '1.7e308', 'null', '"x"', '[]', '-0'),
);
const matrix = fc
  .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }))
  .chain(([k, d]) =>
    fc.array(fc.array(extreme, { minLength: d, maxLength: d }), { minLength: k, maxLength: k }),
  );

test('whatever the input: one answer per line, every number in it finite', async () => {
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom('gram', 'gradients'), matrix, fc.constantFrom(...solvable))
      .map(([key, rows, name]) => {
        const body = rows.map((row) => `[${row.map(String).join(',')}]`).join(',');
        return `{"${key}":[${body}],"aggregator":"${name}"}`;
      }),
    fc.json().map((json) => json.replaceAll('\n', ' ')),
    fc.string({ minLength: 1 }).map((string) => `?${string.replaceAll('\n', ' ')}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 50 }), async (lines) => {
      const { answers, bad } = await solve(lines.map((one) => `${one}\n`));
      assert.equal(answers.length, lines.length);
      let errors = 0;
      for (const [at, text] of answers.entries()) {
        const answer = JSON.parse(text);
        if ('error' in answer) {
          errors++;
          assert.ok(answer.error.length > 0);
          assert.equal(answer.line, at + 1);
          continue;
        }
        const { weights, norm2, gap, minCosine, conflictRate, effectiveGroups } = answer;
        assert.ok(gap === null || Number.isFinite(gap));
        for (const number of [...weights, norm2, minCosine, conflictRate, effectiveGroups]) {
          assert.ok(Number.isFinite(number), `${lines[at]} gave ${text}`);
        }
      }
      assert.equal(errors, bad);
    }),
    { numRuns: 100 },
  );
});

test('reads no faster than its answers are read', async () => {
  let offered = 0;
  const input = Readable.from(
    (function* () {
      for (; offered < 100_000; offered++) yield Buffer.from(problem);
    })(),
  );
  const output = new Writable({ highWaterMark: 1000, write: () => {} }); // never done with the first piece
  const ended = solveStream(input, output, 'grain');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(offered < 1000, `${offered} lines taken in`);
  output.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
  assert.equal(await ended, 0);
});

/** `grain solve` as a process, ended with the test. */
function grainSolve(t: TestContext, args: readonly string[] = []) {
  const child = spawn(process.execPath, [grainScript, 'solve', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {}); // EPIPE, once the process has ended
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  t.after(() => child.kill());
  return { child, status };
}

test('as a process: answers come while the input is still open, status 0', async (t) => {
  const { child, status } = grainSolve(t);
  child.stdin.write(problem);
  assert.equal(String(await first(child.stdout)), `${solution}\n`);
  child.stdin.end();
  assert.equal(await status, 0);
});

test('as a process: one invalid line among valid ones, status 1', async (t) => {
  const { child, status } = grainSolve(t, ['--aggregator', 'mean']);
  child.stdin.end(`${problem}oops\n${problem}`);
  const lines = (await text(child.stdout)).trim().split('\n');
  const answers = lines.map((line) => JSON.parse(line));
  assert.deepEqual(answers[0].weights, [0.5, 0.5]);
  assert.equal(answers[1].line, 2);
  assert.deepEqual(answers[2], answers[0]);
  assert.equal(await status, 1);
});

test('as a process: a reader that leaves ends it', async (t) => {
  const { child, status } = grainSolve(t);
  const feeding = setInterval(() => child.stdin.write(problem.repeat(1000)), 10);
  t.after(() => clearInterval(feeding));
  await first(child.stdout);
  child.stdout.destroy();
  assert.equal(await status, 0);
});

/** The next piece of a stream, which stays open. */
async function first(stream: Readable): Promise<unknown> {
  await once(stream, 'readable');
  return stream.read();
}
