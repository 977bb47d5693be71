import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  deleteOutput,
  errorLine,
  launch,
  resultOf,
} from '../../../src/extension/launch/grainProcess.ts';

let root: string;

before(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'grain-launch-')));
});

after(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));

async function scriptOf(text: string): Promise<string> {
  const script = path.join(root, 'script.mjs');
  await writeFile(script, text);
  return script;
}

const start = (script: string, args: readonly string[] = [], onMessage = (_: unknown) => {}) =>
  launch({ node: process.execPath, script }, args, root, onMessage);

test('what a process prints and how it ends can be read afterwards', async () => {
  const script = await scriptOf(
    'console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.ELECTRON_RUN_AS_NODE]));' +
      'console.error("grain.yaml:1:2: bad"); process.exitCode = 2;',
  );
  const launched = await start(script, ['run', 'x y.yaml']);
  assert.equal(await launched.ended, 2);
  const printed = JSON.parse(await readFile(launched.stdout, 'utf8'));
  assert.deepEqual(printed, [['run', 'x y.yaml'], root, '1']);
  assert.equal(await readFile(launched.stderr, 'utf8'), 'grain.yaml:1:2: bad\n');
  assert.equal(path.dirname(launched.stderr), path.join(root, '.grain', 'launches'));
  assert.equal(await readFile(path.join(root, '.grain/.gitignore'), 'utf8'), '*\n');
  await deleteOutput(launched);
  await assert.rejects(readFile(launched.stderr), /ENOENT/);
});

test('the result is what grain run --json printed; without one, the last line on stderr is shown', async () => {
  const mistake = {
    ...{ file: 'grain.yaml', severity: 'error', line: 3, column: 1, endLine: 3, endColumn: 13 },
    message: 'unknown key "learningrate"',
    suggestion: 'learningRate',
    path: ['learningrate'],
  };
  const error = { message: 'mistakes in grain.yaml', diagnostics: [mistake] };
  const failing = await start(await scriptOf('console.log(process.argv[2])'), [
    JSON.stringify({ error }),
  ]);
  await failing.ended;
  assert.deepEqual(await resultOf(failing), { error });

  const crashing = await start(await scriptOf('console.log("{}"); console.error("a\\nkilled")'));
  await crashing.ended;
  assert.equal(await resultOf(crashing), undefined);
  assert.equal(await errorLine(crashing), 'killed');
});

test('after a crash the error is shown, not the stack trace or the version of Node below it', async () => {
  const thrown = [
    "throw new TypeError('no tensor')",
    "console.error('error: no tensor'); process.exitCode = 1",
    "throw Object.assign(new RangeError('no tensor'), { code: 'ERR_TENSOR' })",
  ];
  for (const text of thrown) {
    const crashing = await start(await scriptOf(`console.error('reading data');\n${text}`));
    assert.equal(await crashing.ended, 1);
    assert.match(await errorLine(crashing), /^\w*[eE]rror(?: \[\w+\])?: no tensor$/);
  }
});

test('a Node that rejects its options says so', async () => {
  const crashing = await start('--no-such-option');
  assert.equal(await crashing.ended, 9);
  assert.match(await errorLine(crashing), /bad option: --no-such-option$/);
});

test('messages of a process are received', async () => {
  const messages: unknown[] = [];
  const script = await scriptOf('process.send({ loading: 1 }); process.send({ loading: 2 });');
  const launched = await start(script, [], (message) => messages.push(message));
  assert.equal(await launched.ended, 0);
  assert.deepEqual(messages, [{ loading: 1 }, { loading: 2 }]);
});

test('the process leads its own group, so that closing the window does not end it', async () => {
  const script = await scriptOf('setTimeout(() => {}, 60_000)');
  const launched = await start(script);
  // Signalling a process group fails unless the process leads one.
  if (process.platform !== 'win32') process.kill(-launched.pid, 'SIGTERM');
  else process.kill(launched.pid);
  assert.equal(await launched.ended, null);
});

test('a missing Node is an error', async () => {
  const node = path.join(root, 'no-such-node');
  await assert.rejects(
    launch({ node, script: 'x' }, [], root, () => {}),
    /ENOENT/,
  );
});
