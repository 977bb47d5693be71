/** A real VS Code (code-server) in which the extension's .vsix is installed, driven in Chromium as a person would. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Browser, chromium, type Frame, type Locator, type Page } from 'playwright-core';
import { vsix } from './vsix.ts';

const codeServer = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'),
  'grain-vscode/code-server-4.139.1/node_modules/.bin/code-server',
);
export const screenshots = path.join(import.meta.dirname, 'screenshots');
/** Milliseconds until a wait is given up: a machine that does other things beside it may take so long. */
const PATIENCE = 180_000;
/**
 * Milliseconds that Chromium takes to call its start complete, once a page is idle. Until then it puts off the update of service
 * workers for which each webview of VS Code waits: up to a minute, if the first page is never idle, as with charts of a run.
 */
const START_MS = 4_000;

const themes = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  highContrast: 'Default High Contrast',
} as const;

export type Theme = keyof typeof themes;

const themeClasses = { dark: 'vs-dark', light: 'vs', highContrast: 'hc-black' } as const;

export interface Options {
  readonly settings?: Record<string, unknown>;
  /** Workspace trust is off unless a test is about it. */
  readonly trust?: boolean;
  /** Installed beside this one: their .vsix files. */
  readonly others?: readonly string[];
  /** Beside the variables of this process; runs inherit them. */
  readonly env?: NodeJS.ProcessEnv;
}

export class VSCode {
  readonly page: Page;
  readonly #workspace: string;
  readonly #server: ChildProcess;
  readonly #browser: Browser;
  readonly #home: string;

  private constructor(
    page: Page,
    workspace: string,
    server: ChildProcess,
    browser: Browser,
    home: string,
  ) {
    this.page = page;
    this.#workspace = workspace;
    this.#server = server;
    this.#browser = browser;
    this.#home = home;
  }

  static async open(workspace: string, options: Options = {}): Promise<VSCode> {
    if (!existsSync(codeServer)) {
      throw new Error(`${codeServer} is missing: run \`npm run test:setup\``);
    }
    const home = await mkdtemp(path.join(tmpdir(), 'grain-e2e-'));
    const profile = [
      ...['--user-data-dir', path.join(home, 'data')],
      ...['--extensions-dir', path.join(home, 'extensions')],
    ];
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    const started = sleep(START_MS);
    // code-server's launcher takes the first `node` on the path, which outside npm scripts may be an old one.
    for (const packed of [await vsix(), ...(options.others ?? [])]) {
      const install = [codeServer, ...profile, '--install-extension', packed];
      await promisify(execFile)(process.execPath, install);
    }
    await mkdir(path.join(home, 'data/User'), { recursive: true });
    await writeFile(
      path.join(home, 'data/User/settings.json'),
      JSON.stringify({
        'security.workspace.trust.enabled': options.trust ?? false,
        'workbench.startupEditor': 'none',
        'workbench.colorTheme': themes.dark,
        'workbench.secondarySideBar.defaultVisibility': 'hidden',
        'chat.commandCenter.enabled': false,
        'git.openRepositoryInParentFolders': 'never',
        ...options.settings,
      }),
    );
    const port = await freePort();
    const server = spawn(
      process.execPath,
      [
        codeServer,
        ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
        ...['--disable-telemetry', '--disable-update-check'],
        ...profile,
      ],
      { stdio: 'ignore', detached: true, env: { ...process.env, ...options.env } },
    );
    await answers(`http://127.0.0.1:${port}/healthz`);
    await started;
    const vscode = new VSCode(page, workspace, server, browser, home);
    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`);
    await vscode.#workbenchIsUp();
    return vscode;
  }

  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.command('Developer: Reload Window');
    await loaded;
    await this.#workbenchIsUp();
  }

  /**
   * Runs a command from the palette, and chooses from the list that it offers. A command that is not there yet, as the window is
   * still starting, is waited for; a list that closes because something else takes the focus is opened again.
   */
  async command(title: string, choice?: Locator): Promise<void> {
    const rows = this.choice(title);
    await eventually(`the command "${title}" in the palette`, async () => {
      await this.#searchPalette(title);
      return this.#succeeds(async (limit) => {
        await rows.first().click(limit);
        if (!choice) return;
        // Its entries may have to be searched for, while runs take all cores.
        await choice.first().waitFor({ timeout: PATIENCE / 8 });
        // A click that is given up may have been done: a second one would start the runs twice.
        await choice.first().click({ timeout: PATIENCE / 4 });
      });
    });
  }

  /** Whether the palette offers the command of this extension now. */
  async offers(title: string): Promise<boolean> {
    // Offered in every window: once it is listed, so is every other command of the extension.
    const always = this.choice('GRAIN: Focus on Runs View');
    await eventually('the commands of the extension in the palette', async () => {
      await this.#searchPalette('GRAIN: ');
      return this.#succeeds((limit) => always.waitFor(limit));
    });
    const count = await this.choice(title).count();
    await this.page.keyboard.press('Escape');
    return count > 0;
  }

  /** What a quick pick, the palette for one, lists with this text. */
  choice(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
  }

  /** Opens a file of the workspace in the editor, and puts the cursor at a place. */
  async openFile(name: string, line: number, column: number): Promise<void> {
    const place = this.page.locator('.statusbar', { hasText: `Ln ${line}, Col ${column}` });
    const tab = this.page.locator('.tab.active', { hasText: name });
    await eventually(`${name} in the editor, at ${line}:${column}`, async () => {
      await this.#search('Control+P', `${name}:${line}:${column}`);
      return this.#succeeds(async (limit) => {
        await this.choice(name).first().waitFor(limit);
        await this.page.keyboard.press('Enter');
        await tab.waitFor(limit);
        await place.waitFor(limit);
      });
    });
  }

  /** The frame of a webview that holds the canvas with the given id, once it is there. */
  async panelWith(canvasId: string): Promise<Frame> {
    return eventually(`a webview with canvas #${canvasId}`, async () => {
      for (const frame of this.page.frames()) {
        const canvas = await frame.$(`canvas#${canvasId}`).catch(() => null);
        if (canvas) return frame;
      }
      return undefined;
    });
  }

  /** A line of the run explorer. */
  row(text: string): Locator {
    return this.page.locator('.pane-body .monaco-list-row', { hasText: text });
  }

  /** Clicks a line of the explorer: again, if it was drawn anew under the mouse, which loses the click. */
  async select(line: Locator): Promise<void> {
    await eventually(`${line}, selected`, async () => {
      await line.click();
      const selected = line.and(this.page.locator('.selected'));
      return this.#succeeds((limit) => selected.waitFor(limit));
    });
  }

  /** By a setting of the workspace: VS Code follows it at once. */
  async setTheme(theme: Theme): Promise<void> {
    const settings = path.join(this.#workspace, '.vscode/settings.json');
    await mkdir(path.dirname(settings), { recursive: true });
    await writeFile(settings, JSON.stringify({ 'workbench.colorTheme': themes[theme] }));
    await this.page.locator(`.monaco-workbench.${themeClasses[theme]}`).waitFor();
  }

  /** What an extension has written for this machine: to VS Code the server is a remote one. */
  async machineSettings(): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(path.join(this.#home, 'data/Machine/settings.json'), 'utf8'));
  }

  async screenshot(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    // Notifications and panels slide in.
    await sleep(500);
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`) });
  }

  /** Closes the window and the server, as closing VS Code does. Runs that were started go on. */
  async close(): Promise<void> {
    await this.#browser.close();
    if (this.#server.pid !== undefined) {
      try {
        process.kill(-this.#server.pid, 'SIGTERM');
      } catch {
        // The server has already exited.
      }
    }
    await sleep(500);
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  async #searchPalette(text: string): Promise<void> {
    await this.#search('F1', `>${text}`);
  }

  /** Opens a quick pick by its key, and types into it: again, if another part of VS Code takes the focus meanwhile. */
  async #search(key: string, text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    await eventually(`the quick pick of ${key}`, async () => {
      await this.page.keyboard.press(key);
      return this.#succeeds((limit) => input.fill(text, limit));
    });
  }

  /** Makes what opens for a moment, as a hover does, open: again, if it is not seen soon. */
  async provoke(wanted: Locator, act: () => Promise<void>): Promise<void> {
    await eventually(`${wanted}`, async () => {
      await act();
      return this.#succeeds((limit) => wanted.waitFor(limit));
    });
  }

  /** Whether a step is possible soon. If not, a quick pick that is in the way is closed, to try again. */
  async #succeeds(step: (limit: { timeout: number }) => Promise<void>): Promise<true | undefined> {
    try {
      await step({ timeout: 3_000 });
      return true;
    } catch {
      await this.page.keyboard.press('Escape');
      return undefined;
    }
  }

  async #workbenchIsUp(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor();
    await this.page.locator('.statusbar').waitFor();
  }
}

/** Data of a Chart.js chart as it stands in the webview. */
export interface ChartData {
  readonly datasets: readonly { readonly label: string; readonly data: readonly unknown[] }[];
}

export async function chartData(frame: Frame, canvasId: string): Promise<ChartData> {
  return frame.evaluate((id) => {
    const { Chart } = globalThis as unknown as {
      Chart: { getChart(canvas: unknown): { data: ChartData } | undefined };
    };
    const page = globalThis as unknown as { document: { getElementById(id: string): unknown } };
    const chart = Chart.getChart(page.document.getElementById(id));
    if (!chart) throw new Error(`no chart on #${id}`);
    return {
      datasets: chart.data.datasets.map((set) => ({
        label: set.label ?? '',
        data: JSON.parse(JSON.stringify(set.data)) as unknown[],
      })),
    };
  }, canvasId);
}

/** Polls until `attempt` gives something; fails with what was awaited. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined>,
  timeout = PATIENCE,
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await sleep(150);
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}

async function answers(url: string): Promise<void> {
  await eventually(`an answer from ${url}`, async () => {
    try {
      return (await fetch(url)).ok || undefined;
    } catch {
      return undefined;
    }
  });
}
