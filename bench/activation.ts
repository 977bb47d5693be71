/**
 * What it costs VS Code to start the extension: `node esbuild.mjs --production && node bench/activation.ts`. In a real VS Code, beside an
 * extension that does nothing; both are started in each window by a third one, in turns. The folder is empty: nothing else starts them.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { median } from 'simple-statistics';
import { eventually, VSCode } from '../test/e2e/vscode.ts';
import { pack } from '../test/e2e/vsix.ts';
import type { Cost, Measured, Started } from './activation/stopwatch.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({ options: { windows: { type: 'string', default: '10' } } });
const WINDOWS = Number(values.windows);

const grain: Started = { id: 'grain.grain-vscode', command: 'grain.refresh' };
/** The first extension that is started in a window pays for what all share, so one is started that does not count. */
const first: Started = { id: 'bench.first' };
const empty: Started = { id: 'bench.empty' };

const scratch = mkdtempSync(path.join(tmpdir(), 'grain-activation-'));
const workspace = path.join(scratch, 'workspace');
mkdirSync(workspace);
const file = path.join(workspace, 'measured.json');
const rounds: Measured[] = [];

await build({
  entryPoints: { extension: path.join(import.meta.dirname, 'activation/stopwatch.ts') },
  outdir: path.join(scratch, 'stopwatch'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  external: ['vscode'],
});
const nothing = 'export function activate() {}\n';
const others = [
  await packed('stopwatch', ['onStartupFinished']),
  await packed('first', [], nothing),
  await packed('empty', [], nothing),
];
order(0);
const window = await VSCode.open(workspace, { others });
try {
  for (let round = 0; round < WINDOWS; round++) {
    if (round > 0) {
      order(round);
      await window.reload();
    }
    rounds.push(...(await eventually('the costs', async () => read())));
  }
} finally {
  await window.close();
  rmSync(scratch, { recursive: true, force: true });
}
report();

/** @param round the two that count take turns in being first */
function order(round: number): void {
  rmSync(file, { force: true });
  const turns = round % 2 === 0 ? [empty, grain] : [grain, empty];
  writeFileSync(path.join(workspace, 'order.json'), JSON.stringify([first, ...turns]));
}

function read(): Measured[] | undefined {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8') || 'null') ?? undefined;
}

/** @param code of its only file, unless that was built already @returns the path of its .vsix */
function packed(name: string, activationEvents: readonly string[], code?: string): Promise<string> {
  const folder = path.join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  const manifest = {
    ...{ name, publisher: 'bench', version: '1.0.0', type: 'module', main: './extension.js' },
    ...{ license: 'MIT', engines: { vscode: engines.vscode }, activationEvents },
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'README.md'), `${name}, for a measurement\n`);
  writeFileSync(path.join(folder, 'LICENSE'), 'MIT\n');
  if (code !== undefined) writeFileSync(path.join(folder, 'extension.js'), code);
  return pack(folder);
}

function report(): void {
  const of = ({ id }: Started, which: 'activation' | 'loaded') =>
    rounds.flatMap((one) => (one.id === id && one[which] ? [one[which]] : []));
  const row = (name: string, costs: readonly Cost[]) => {
    const figure = (key: keyof Cost) => {
      const all = costs.map((cost) => cost[key]);
      return `${ms(median(all))} (${ms(Math.min(...all))}–${ms(Math.max(...all))})`;
    };
    return `| ${name} | ${figure('time')} | ${figure('cpu')} |`;
  };
  const beyond = (key: keyof Cost) => {
    const middle = (one: Started) => median(of(one, 'activation').map((cost) => cost[key]));
    return ms(middle(grain) - middle(empty));
  };
  writeFigures(
    'activation',
    [
      `${circumstances()} Median of ${WINDOWS} windows, least and most in brackets.`,
      '',
      '| | time, ms | processor, ms |',
      '| --- | --: | --: |',
      row('an empty extension', of(empty, 'activation')),
      row('GRAIN', of(grain, 'activation')),
      `| beyond the empty one | ${beyond('time')} | ${beyond('cpu')} |`,
      row('GRAIN, afterwards: workbench and actions loaded, runs listed', of(grain, 'loaded')),
    ].join('\n'),
  );
}

function ms(value: number): string {
  return value.toFixed(1);
}
