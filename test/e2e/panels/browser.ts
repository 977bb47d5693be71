/** The built webviews in a real Chromium, in a page as VS Code would make it: strict policy, theme variables, host API. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import type { WebviewName } from '../../../src/extension/panels/html.ts';

const repository = path.resolve(import.meta.dirname, '../../..');
const NONCE = 'dGVzdC1ub25jZQ';
/** The toolkit fills empty style elements by script; the extension's policy lets in those alone. */
const EMPTY = createHash('sha256').digest('base64');

export const themeClasses = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  highContrast: 'vscode-high-contrast',
  highContrastLight: 'vscode-high-contrast vscode-high-contrast-light',
} as const;
export type ThemeName = keyof typeof themeClasses;
export type PanelName = WebviewName;

/** A point of a chart as it stands in the page. */
export interface Drawn {
  readonly label: string;
  readonly data: readonly {
    readonly x: number;
    readonly y: number | null;
    readonly v?: number | null;
  }[];
}

export interface Opened {
  readonly page: Page;
  /** Console errors, uncaught errors and violations of the content security policy so far. */
  readonly complaints: readonly string[];
}

export class PanelBrowser {
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #origin: string;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
    this.#origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<PanelBrowser> {
    const files = await bundles();
    const themes = await themeVariables();
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const file = files.get(url.pathname.slice(1));
      const type = url.pathname.endsWith('.css')
        ? 'text/css'
        : url.pathname.endsWith('.js')
          ? 'text/javascript'
          : 'text/html';
      response.setHeader('content-type', `${type}; charset=utf-8`);
      if (file !== undefined) return response.end(file);
      const panel = url.searchParams.get('panel');
      const theme = url.searchParams.get('theme') as ThemeName | null;
      if (panel && theme) return response.end(pageOf(panel, theme, themes[theme]));
      response.statusCode = url.pathname === '/favicon.ico' ? 204 : 404;
      return response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    return new PanelBrowser(browser, server);
  }

  /** The panel, loaded and ready for messages. */
  async open(panel: PanelName, theme: ThemeName, width: number, height: number): Promise<Opened> {
    const page = await this.#browser.newPage({ viewport: { width, height } });
    // The machine may do other things beside it.
    page.setDefaultTimeout(180_000);
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${this.#origin}/?panel=${panel}&theme=${theme}`);
    await page.waitForFunction(() =>
      (globalThis as unknown as { host: HostRecord }).host.posted.some(
        ({ type }) => type === 'ready',
      ),
    );
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}

/** Calls of the page's host API. */
export interface HostRecord {
  readonly posted: readonly {
    readonly type: string;
    readonly id?: string;
    readonly metric?: string;
  }[];
  readonly state: unknown;
}

export async function hostRecord(page: Page): Promise<HostRecord> {
  return page.evaluate(() => (globalThis as unknown as { host: HostRecord }).host);
}

/** Sends a message as the extension host does, and waits until it has been drawn. */
export async function send(page: Page, message: unknown): Promise<void> {
  await page.evaluate(
    async (data) => {
      const window = globalThis as unknown as {
        postMessage(message: unknown, origin: string): void;
        requestAnimationFrame(callback: () => void): void;
      };
      window.postMessage(data, '*');
      await new Promise<void>((resolve) =>
        window.requestAnimationFrame(() => window.requestAnimationFrame(() => resolve())),
      );
    },
    await message,
  );
}

/** The text as a person sees it: what is hidden is left out, and what lies apart is apart. */
export async function seenText(locator: Locator): Promise<string> {
  await locator.waitFor();
  return (await locator.allInnerTexts()).join('\n');
}

/** Changes the theme as VS Code does: variables of the root element, then class of the body. */
export async function setTheme(page: Page, theme: ThemeName): Promise<void> {
  const { [theme]: variables } = await themeVariables();
  await page.evaluate(
    async ([values, className]) => {
      const global = globalThis as unknown as {
        applyTheme(variables: Record<string, string>, className: string): void;
        requestAnimationFrame(callback: () => void): void;
      };
      global.applyTheme(values, className);
      await new Promise<void>((resolve) => global.requestAnimationFrame(() => resolve()));
    },
    [variables, themeClasses[theme]] as const,
  );
}

/** Waits until every chart that is seen has been drawn as wide as its place now is. */
export async function drawnAtSize(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { Chart, document } = globalThis as unknown as {
      Chart: { getChart(canvas: unknown): { readonly width: number } | undefined };
      document: { querySelectorAll(selector: string): Iterable<Canvas> };
    };
    interface Canvas {
      readonly parentElement: { readonly clientWidth: number };
      checkVisibility(): boolean;
    }
    return [...document.querySelectorAll('canvas')].every((canvas) => {
      const { clientWidth } = canvas.parentElement;
      const chart = Chart.getChart(canvas);
      return (
        !chart ||
        !canvas.checkVisibility() ||
        clientWidth === 0 ||
        Math.abs(chart.width - clientWidth) <= 1
      );
    });
  });
  await page.evaluate(async () => {
    const { requestAnimationFrame: next } = globalThis as unknown as {
      requestAnimationFrame(callback: () => void): void;
    };
    await new Promise<void>((resolve) => next(() => next(() => resolve())));
  });
}

/** Datasets of the chart on the canvas with the given id. */
export async function drawn(page: Page, id: string): Promise<Drawn[]> {
  return page.evaluate((canvasId) => {
    const { Chart, document } = globalThis as unknown as {
      Chart: {
        getChart(
          canvas: unknown,
        ): { data: { datasets: { label?: string; data: unknown[] }[] } } | undefined;
      };
      document: { getElementById(id: string): unknown };
    };
    const chart = Chart.getChart(document.getElementById(canvasId));
    if (!chart) throw new Error(`no chart on #${canvasId}`);
    return chart.data.datasets.map(({ label = '', data }) => ({
      label,
      data: JSON.parse(JSON.stringify(data)) as never[],
    }));
  }, id);
}

/** Processor time that the page has taken: other processes on the machine add nothing to it. */
export async function processorMilliseconds(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  await session.detach();
  return 1000 * metrics.find(({ name }) => name === 'ProcessTime')!.value;
}

async function bundles(): Promise<Map<string, string>> {
  const panels: readonly PanelName[] = [
    'weights',
    'conflict',
    'seedVariance',
    'compare',
    'predictions',
    'metrics',
  ];
  const { outputFiles } = await esbuild.build({
    absWorkingDir: repository,
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    write: false,
    outdir: repository,
    entryPoints: Object.fromEntries(panels.map((name) => [name, `webview/${name}/main.ts`])),
  });
  return new Map(outputFiles.map((file) => [path.basename(file.path), file.text]));
}

async function themeVariables(): Promise<Record<ThemeName, Record<string, string>>> {
  const names = Object.keys(themeClasses) as ThemeName[];
  const read = async (name: ThemeName) =>
    [
      name,
      JSON.parse(await readFile(path.join(repository, `test/webview/themes/${name}.json`), 'utf8')),
    ] as const;
  return Object.fromEntries(await Promise.all(names.map(read))) as Record<
    ThemeName,
    Record<string, string>
  >;
}

/** VS Code sets the variables on the root element and paints the background; the policy is that of the extension. */
function pageOf(panel: string, theme: ThemeName, variables: Record<string, string>): string {
  const policy = `default-src 'none'; script-src 'nonce-${NONCE}'; style-src 'self' 'sha256-${EMPTY}'; font-src 'self'; img-src 'self'`;
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>GRAIN ${panel}</title>
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <link rel="stylesheet" href="/${panel}.css">
</head>
<body class="${themeClasses[theme]}" data-vscode-theme-kind="${themeClasses[theme].split(' ').at(-1)}">
  <script nonce="${NONCE}">
    globalThis.host = { posted: [], state: undefined };
    globalThis.acquireVsCodeApi = () => ({
      postMessage: (message) => host.posted.push(message),
      getState: () => host.state,
      setState: (state) => { host.state = state; },
    });
    globalThis.applyTheme = (variables, className) => {
      document.documentElement.removeAttribute('style');
      for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
      document.body.className = className;
      document.body.style.background = 'var(--vscode-editor-background)';
    };
    applyTheme(${JSON.stringify(variables)}, ${JSON.stringify(themeClasses[theme])});
  </script>
  <script nonce="${NONCE}" src="/${panel}.js"></script>
</body>
</html>`;
}
