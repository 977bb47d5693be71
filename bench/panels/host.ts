/** The extension host's side of an open conflict panel, in a process of its own: `fork(…, [FOLDER, STEPS])`, requests in, messages out. */
import { readFileSync } from 'node:fs';
import { conflictMessages } from '../../src/extension/messages/conflict.ts';
import { type RunRequest, runRequest } from '../../src/extension/messages/run.ts';
import { RunContent } from '../../src/extension/panels/runContent.ts';
import { RunFeeds } from '../../src/extension/panels/runFeed.ts';
import { longRun } from '../../test/webview/longRun.ts';

/** What the bench asks: what the page has asked, and whether the page is new. */
export interface Asked {
  readonly requests: readonly unknown[];
  readonly fresh: boolean;
}

export interface Answered {
  /** For the page. */
  readonly messages: readonly unknown[];
  /** Peak resident memory of this process, MiB. */
  readonly mib: number;
  /** Processor time of this answer, in milliseconds. */
  readonly processor: number;
}

const [folder = '', steps = ''] = process.argv.slice(2);
const run = longRun(folder, Number(steps));
const content = new RunContent({
  runs: { ready: Promise.resolve(), all: [run], find: () => run },
  feeds: new RunFeeds(),
  messages: conflictMessages,
  shown: () => folder,
  locale: 'en',
  onSelect: () => {},
});

process.on('message', async ({ requests, fresh }: Asked) => {
  const before = process.cpuUsage();
  for (const request of requests) {
    const { data } = runRequest.safeParse(request);
    if (data) content.receive(data satisfies RunRequest);
  }
  const messages: unknown[] = [];
  await content.update((message) => messages.push(message), fresh);
  const { user, system } = process.cpuUsage(before);
  const processor = (user + system) / 1000;
  process.send!({ messages, mib: peakMib(), processor } satisfies Answered);
});

// A message that came while modules were loading would be lost.
process.send!('ready');

function peakMib(): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib ?? 0) / 1024;
}
