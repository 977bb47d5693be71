/**
 * What an open panel of a long run costs: `node bench/panels.ts`. The conflict panel in Chromium, fed by a process of its own, as in
 * VS Code; the log, 1.5 GB for a million steps, is made in `.cache/logs` and kept there. Linux only (memory is read from /proc).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { median } from 'simple-statistics';
import { runFile } from '../src/runs/grainFolder.ts';
import { RunIndex } from '../src/runs/index/runIndex.ts';
import {
  drawn,
  hostRecord,
  PanelBrowser,
  processorMilliseconds,
  send,
} from '../test/e2e/panels/browser.ts';
import { longRun, planted, writeLongRun } from '../test/webview/longRun.ts';
import type { Answered, Asked } from './panels/host.ts';
import { cache } from './peers/venv.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
  },
});
const STEPS = Number(values.steps);
const ROUNDS = Number(values.rounds);
/** Steps to the left and to the right of the one that conflicts, zoomed in. */
const AROUND = 250;
const { conflict } = planted(STEPS);

/** In milliseconds: what the clock shows, and what host and page took of the processor. */
interface Time {
  readonly clock: number;
  readonly processor: number;
}

interface Round {
  /** Until the whole run is drawn, and until each step around the conflict is. */
  readonly picture: Time;
  readonly zoom: Time;
  /** MiB: peak of the host, and the page's own. */
  readonly host: number;
  readonly page: number;
}

const run = longRun(path.join(cache, 'logs', `panel-${STEPS}`), STEPS);
if (!existsSync(runFile(run.folder, 'events'))) {
  await writeLongRun(run);
}
await RunIndex.use(run, async () => {});

const browser = await PanelBrowser.start();
const rounds: Round[] = [];
for (let i = 0; i < ROUNDS; i++) rounds.push(await measure());
await browser.close();

const of = (figure: (round: Round) => number) => median(rounds.map(figure));
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const times = (time: (round: Round) => Time) =>
  `${seconds(of((it) => time(it).clock))} | ${seconds(of((it) => time(it).processor))}`;
const mib = (value: number) => `${Math.round(value)} MiB`;
writeFigures(
  'panels',
  [
    circumstances(),
    '',
    `The conflict panel of a run of ${STEPS.toLocaleString('en')} steps; median of ${ROUNDS}. The one step that conflicts was drawn and marked in the whole run, and its cosine was exact when zoomed in.`,
    '',
    '| what | goal | measured | processor time |',
    '| --- | --: | --: | --: |',
    `| first picture, from opening the panel's log to the drawn page | 1 s | ${times((it) => it.picture)} |`,
    `| zoom to ${2 * AROUND + 1} steps, each exact | 0.2 s | ${times((it) => it.zoom)} |`,
    `| memory of host and page together | 250 MB | ${mib(of((it) => it.host + it.page))}: ${mib(of((it) => it.host))} and ${mib(of((it) => it.page))} | |`,
  ].join('\n'),
);

async function measure(): Promise<Round> {
  const { page } = await browser.open('conflict', 'dark', 1000, 800);
  const script = fileURLToPath(new URL('panels/host.ts', import.meta.url));
  const host = fork(script, [run.folder, String(STEPS)], { serialization: 'advanced' });
  // What its modules take to load is not the panel's.
  await once(host, 'message');
  const { time: picture } = await timed(page, async () => {
    const first = await ask(host, { requests: await asked(page, 0), fresh: true });
    for (const message of first.messages) await send(page, message);
    return first;
  });
  check((await marks(page)).length === 1, 'the one conflict is marked');

  const before = (await hostRecord(page)).posted.length;
  await page.getByRole('spinbutton', { name: 'First step' }).fill(String(conflict - AROUND));
  await page.getByRole('spinbutton', { name: 'Last step' }).fill(String(conflict + AROUND));
  const { time: zoom, answer: second } = await timed(page, async () => {
    await page.keyboard.press('Enter');
    const answered = await ask(host, { requests: await asked(page, before), fresh: false });
    for (const message of answered.messages) await send(page, message);
    return answered;
  });
  const [cosines] = await drawn(page, 'min-cosine');
  check(cosines!.data.length === 2 * AROUND + 1, 'each step is drawn');
  check(cosines!.data.find(({ x }) => x === conflict)!.y! < 0, 'the conflict is exact');

  const figures = { picture, zoom, host: second.mib, page: await memoryOf(page) };
  host.kill();
  await page.close();
  return figures;
}

async function timed(
  page: Page,
  act: () => Promise<Answered>,
): Promise<{ readonly time: Time; readonly answer: Answered }> {
  const [processor, clock] = [await processorMilliseconds(page), performance.now()];
  const answer = await act();
  const time = {
    clock: performance.now() - clock,
    processor: (await processorMilliseconds(page)) - processor + answer.processor,
  };
  return { time, answer };
}

async function ask(host: ChildProcess, message: Asked): Promise<Answered> {
  const answer = once(host, 'message');
  host.send(message);
  const [answered] = await answer;
  return answered as Answered;
}

async function asked(page: Page, from: number): Promise<readonly unknown[]> {
  return (await hostRecord(page)).posted.slice(from);
}

async function marks(page: Page) {
  const sets = await drawn(page, 'min-cosine');
  const set = sets.find(({ label }) => label === 'guarantee violated');
  return set?.data.filter(({ y }) => y !== null) ?? [];
}

/** Proportional set size of the page's process, MiB: what it shares with others counts by parts. */
async function memoryOf(page: Page): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => {
      const rollup = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
    });
  await session.detach();
  return Math.max(...sizes);
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not true: ${what}`);
}
