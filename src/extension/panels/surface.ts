import type * as vscode from 'vscode';

/** What an editor panel and a view at the bottom have in common. */
export interface Surface {
  readonly webview: vscode.Webview;
  readonly visible: boolean;
  readonly onDidChangeVisible: vscode.Event<unknown>;
  readonly onDidDispose: vscode.Event<void>;
}

export function surfaceOfPanel(panel: vscode.WebviewPanel): Surface {
  return {
    webview: panel.webview,
    get visible() {
      return panel.visible;
    },
    onDidChangeVisible: panel.onDidChangeViewState,
    onDidDispose: panel.onDidDispose,
  };
}

export function surfaceOfView(view: vscode.WebviewView): Surface {
  return {
    webview: view.webview,
    get visible() {
      return view.visible;
    },
    onDidChangeVisible: view.onDidChangeVisibility,
    onDidDispose: view.onDidDispose,
  };
}
