import { createHash, randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export type WebviewName =
  | 'weights'
  | 'conflict'
  | 'seedVariance'
  | 'compare'
  | 'predictions'
  | 'metrics';

/** Scripts, and the folders from which webviews may load files. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return {
    enableScripts: true,
    localResourceRoots: [
      vscode.Uri.joinPath(extensionUri, 'dist', 'webview'),
      vscode.Uri.joinPath(extensionUri, 'media'),
    ],
  };
}

/** SHA-256 of nothing. */
const EMPTY = createHash('sha256').digest('base64');

/** A page that runs one bundle of dist/webview and nothing else. */
export function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri, name: WebviewName) {
  const at = (file: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', file));
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    // The toolkit fills empty style elements by script: the hash allows those, and no other inline style.
    `style-src ${webview.cspSource} 'sha256-${EMPTY}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>GRAIN ${name}</title>
  <link rel="stylesheet" href="${at(`${name}.css`)}">
</head>
<body>
  <script nonce="${nonce}" src="${at(`${name}.js`)}"></script>
</body>
</html>`;
}
