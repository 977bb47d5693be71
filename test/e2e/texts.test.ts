import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { RunEvent } from '../../src/runs/events.ts';
import { tiny } from '../python/checkpoints.ts';
import { HubServer } from '../unit/hub/hubServer.ts';
import { tinyTexts, writeTinyBert } from '../unit/training/tinyCheckpoint.ts';
import { chartData, eventually, VSCode } from './vscode.ts';

/** As in good film reviews, and in bad ones. */
const WORDS = { good: ['bright', 'moving', 'clever'], bad: ['dull', 'endless', 'hollow'] };
const NOUNS = ['plot', 'cast', 'score', 'film'];

/** Tokens of texts that need too much memory together. */
const LONG = 128;
/** MiB: enough for all models here, but not for a batch of 64 such texts without checkpointing. */
const MEMORY = 80;

let home: string;
let workspace: string;
let hub: HubServer;
let vscode: VSCode;

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'grain-texts-'));
  workspace = path.join(home, 'workspace');
  await mkdir(path.join(workspace, 'data'), { recursive: true });
  await tiny('encoder', path.join(home, 'bert'), [reviews()]);
  await tiny('decoder', path.join(workspace, 'llama'), [sums()]);
  await writeTinyBert(path.join(workspace, 'wide'), { width: 64, layers: 4, positions: LONG });
  const files = {
    'data/reviews.tsv': reviews(),
    'data/sums.jsonl': sums(),
    'reviews.grain.yaml': reviewsConfig,
    'sums.grain.yaml': sumsConfig,
    'data/long.tsv': tinyTexts(new Array(96).fill(LONG)),
    'long.grain.yaml': longConfig,
    'mistaken.grain.json': mistakenConfig,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(workspace, name), text);
  }
  hub = await HubServer.start();
  hub.repositories['someone/tiny-bert'] = {
    kind: 'model',
    commit: 'c0ffee'.padEnd(40, '0'),
    files: await filesOf(path.join(home, 'bert')),
  };
  const env = {
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: path.join(home, 'huggingface'),
    GRAIN_MEMORY: `${MEMORY}`,
  };
  vscode = await VSCode.open(workspace, { env });
});

afterEach(async (t) => {
  if ('passed' in t && !t.passed) await vscode?.screenshot(`failed: ${t.name}`);
});

after(async () => {
  await vscode?.close();
  await hub?.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

describe('texts, from the hub to the panels', () => {
  test('a download is reported, and can be cancelled', async () => {
    hub.milliseconds = 60_000;
    await run('reviews');
    const notification = toast(/downloading model\.safetensors, \d+ % of \d+ kB/);
    await notification.waitFor();
    await inBothThemes('download');
    await notification.hover();
    await notification.getByText('Cancel').click();
    await toast(/Fine-tuning/).waitFor({ state: 'detached' });
    assert.equal(await toast(/failed|cannot|error/i).count(), 0);
    assert.deepEqual(await runIds(), []);
  });

  test('a missing repository is reported at its position in the config', async () => {
    const config = path.join(workspace, 'missing.grain.yaml');
    await writeFile(config, reviewsConfig.replace('someone/tiny-bert', 'someone/nothing'));
    await run('missing');
    await toast(/missing\.grain\.yaml:3:16: .*someone\/nothing/).waitFor();
    await vscode.screenshot('texts-missing-dark');
    await vscode.command('Notifications: Clear All Notifications');
    await rm(config);
  });

  test('the next launch continues the interrupted download, and trains to the end', async () => {
    hub.milliseconds = 0;
    await run('reviews');
    await vscode.page.locator('.statusbar', { hasText: /(grain|mean) · seed 0 / }).waitFor();
    await finished(2);
    const ranges = hub.storeRanges;
    assert.equal(ranges.length, 2);
    assert.match(ranges[1] ?? '', /^bytes=[1-9]\d*-$/);
    await toast(/Fine-tuning/).waitFor({ state: 'detached' });
  });

  test('the panels show what it learnt', async () => {
    await showPanels('reviews', ['accuracy', 'loss', 'macroF1', 'f1', 'mcc']);
  });

  test('a model that writes trains to the end, and its panels show how well it answers', async () => {
    await run('sums');
    await finished(4);
    await showPanels('sums', ['perplexity', 'loss', 'exactMatch']);
    const [id] = (await runIds()).filter((name) => name.startsWith('sums'));
    const folder = path.join(workspace, '.grain/runs', id!);
    const lines = (await readFile(path.join(folder, 'predictions.jsonl'), 'utf8')).trim();
    for (const line of lines.split('\n')) {
      const { target, prediction, correct } = JSON.parse(line);
      assert.deepEqual(
        [typeof target, typeof prediction, typeof correct],
        ['string', 'string', 'boolean'],
      );
    }
  });

  test('a run that finds no memory can be resumed with less', async () => {
    await run('long');
    const notification = toast(/long.*failed.*[Oo]ut of memory/);
    await notification.waitFor();
    await notification.hover();
    await inBothThemes('texts-out-of-memory');
    await vscode.command('Notifications: Clear All Notifications');
    await vscode.command('GRAIN: Focus on Runs View');
    const rows = vscode.page.locator('.pane-body .monaco-list-row');
    await rows.filter({ hasText: 'long ·' }).click();
    await vscode.page.keyboard.press('ArrowRight');
    await rows
      .filter({ hasText: /failed/ })
      .last()
      .click();
    await vscode.command('GRAIN: Resume run');
    const way = vscode.page.locator('.quick-input-list .monaco-list-row');
    await way.filter({ hasText: 'Resume with less memory' }).waitFor();
    await inBothThemes('texts-less-memory');
    await way.filter({ hasText: 'Resume with less memory' }).click();
    await eventually('the run to be finished', async () => {
      const [id] = (await runIds()).filter((name) => name.startsWith('long'));
      return (await endOf(id!))?.status === 'finished' || undefined;
    });
  });

  test('the editor knows the keys of an adapter, and marks one that is not', async () => {
    const { page } = vscode;
    await vscode.openFile('mistaken.grain.json', 5, 41);
    await page.locator('.squiggly-error').first().waitFor();
    const suggested = page.locator('.suggest-widget .monaco-list-row');
    // The language server may still be reading the schema: then it has nothing to suggest yet.
    await vscode.provoke(suggested.filter({ hasText: 'rank' }), () =>
      page.keyboard.press('Control+Space'),
    );
    for (const key of ['dropout', 'targets']) await suggested.filter({ hasText: key }).waitFor();
    await inBothThemes('texts-completion');
    await page.keyboard.press('Escape');
    const described = page.locator('.monaco-hover', { hasText: 'scaled by alpha / rank' });
    await vscode.provoke(described, async () => {
      await page.mouse.move(0, 0);
      await page.locator('.view-line span', { hasText: '"alpha"' }).last().hover();
    });
    const measured = page.locator('.monaco-hover', { hasText: 'groups by label: accuracy' });
    await vscode.provoke(measured, async () => {
      await page.mouse.move(0, 0);
      await page.locator('.view-line span', { hasText: '"grain"' }).last().hover();
    });
    await vscode.screenshot('texts-hover-dark');
    await vscode.command('Problems: Focus on Problems View');
    const problems = page.locator('.markers-panel .monaco-list-row');
    await problems.filter({ hasText: 'unknown key "rnak"' }).waitFor();
    await vscode.screenshot('texts-problems-dark');
  });
});

async function run(name: string): Promise<void> {
  await vscode.command('GRAIN: Run GRAIN fine-tune', vscode.choice(`${name}.grain.yaml`));
}

/** Selects the latest run of grain in the explorer, opens its panels and leaves a picture of each. */
async function showPanels(experiment: string, metrics: readonly string[]): Promise<void> {
  await vscode.command('GRAIN: Focus on Runs View');
  const rows = vscode.page.locator('.pane-body .monaco-list-row');
  await rows.filter({ hasText: `${experiment} ·` }).click();
  await vscode.page.keyboard.press('ArrowRight');
  const first = await eventually(`the aggregators of ${experiment}`, async () => {
    const texts = await rows.allInnerTexts();
    const below = texts.findIndex((text) => text.includes(`${experiment} ·`)) + 1;
    return texts[below]?.startsWith('grain') ? rows.nth(below) : undefined;
  });
  await first.click();
  for (const [title, canvas] of [
    ['weights', 'weights-area'],
    ['conflict', 'conflict-rate'],
    ['seed variance', 'metric-bands'],
  ] as const) {
    await vscode.command(`GRAIN: Open ${title} panel`);
    const frame = await vscode.panelWith(canvas);
    await eventually(`points of ${experiment} in ${canvas}`, async () => {
      const name = await frame.locator('h1').first().textContent();
      const { datasets } = await chartData(frame, canvas);
      const drawn = datasets.some(({ data }) => data.length > 1);
      return (drawn && name?.startsWith(`${experiment} ·`)) || undefined;
    });
    await inBothThemes(`texts-${experiment}-${title.replace(' ', '-')}`);
  }
  const bands = await vscode.panelWith('metric-bands');
  const offered = await bands.locator('vscode-dropdown').nth(1).locator('vscode-option');
  assert.deepEqual(await offered.allTextContents(), metrics);
  await vscode.command('GRAIN metrics: Focus on GRAIN metrics View');
  await vscode.panelWith('loss');
  await inBothThemes(`texts-${experiment}-metrics`);
}

function toast(text: RegExp): Locator {
  return vscode.page.locator('.notification-toast', { hasText: text }).first();
}

async function inBothThemes(name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await vscode.setTheme(theme);
    await vscode.screenshot(`${name}-${theme}`);
  }
}

/** Waits until so many runs have ended, all of them as they should. */
async function finished(count: number): Promise<void> {
  await eventually(`${count} finished runs`, async () => {
    const ends = (await Promise.all((await runIds()).map(endOf))).filter((end) => end !== null);
    for (const end of ends) assert.equal(end.status, 'finished', JSON.stringify(end));
    return ends.length === count || undefined;
  });
}

async function endOf(id: string) {
  const log = path.join(workspace, '.grain/runs', id, 'events.jsonl');
  const text = await readFile(log, 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  const events = whole.filter(Boolean).map((line) => JSON.parse(line) as RunEvent);
  return events.findLast((event) => event.kind === 'end') ?? null;
}

async function runIds(): Promise<string[]> {
  return readdir(path.join(workspace, '.grain/runs')).catch(() => []);
}

async function filesOf(folder: string): Promise<Record<string, Buffer>> {
  const names = await readdir(folder);
  const files = names.map(async (name) => [name, await readFile(path.join(folder, name))] as const);
  return Object.fromEntries(await Promise.all(files));
}

function reviews(): string {
  const rows = Object.entries(WORDS).flatMap(([label, words]) =>
    words.flatMap((a) =>
      words.flatMap((b) => NOUNS.map((noun) => `the ${noun} is ${a} and ${b}\t${label}`)),
    ),
  );
  return ['text\tlabel', ...rows, ''].join('\n');
}

function sums(): string {
  const numbers = [...Array(6).keys()];
  const rows = numbers.flatMap((a) =>
    numbers.map((b) => ({ question: `${a}+${b}`, answer: `${a + b}` })),
  );
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

const mistakenConfig = `{
  "name": "mistaken",
  "model": {
    "from": "./llama",
    "adapter": { "lora": { "alpha": 32, "rnak": 8 } }
  },
  "data": { "train": "a.tsv", "validation": "b.tsv", "text": "question", "target": "answer" },
  "aggregate": ["grain"]
}
`;

const reviewsConfig = `name: reviews
task: classification
model: { from: someone/tiny-bert, dropout: 0 }
data: { train: data/reviews.tsv, validation: data/reviews.tsv, text: text, target: label }
groups: { by: microbatch, count: 4 }
aggregate: [grain, mean]
optimizer: { name: adamw, learningRate: 3e-3 }
batchSize: 24
steps: 40
evaluateEvery: 10
checkpointEvery: 20
seeds: [0]
device: wasm
`;

const longConfig = `name: long
model: { from: ./wide }
data: { train: data/long.tsv, validation: data/long.tsv, text: text, target: answer }
aggregate: [grain]
batchSize: 64
steps: 1
seeds: [0]
device: wasm
`;

const sumsConfig = `name: sums
task: generation
model: { from: ./llama, adapter: { lora: { rank: 4 } } }
data:
  train: data/sums.jsonl
  validation: data/sums.jsonl
  prompt: "{question}="
  target: answer
  maxNewTokens: 4
groups: { by: length, count: 4 }
aggregate: [grain, mean]
optimizer: { name: adamw, learningRate: 3e-3 }
batchSize: 12
steps: 20
evaluateEvery: 5
evaluateExamples: 12
checkpointEvery: 20
seeds: [0]
device: wasm
`;
