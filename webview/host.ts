/** The extension host, as a webview sees it: typed messages both ways, and the state that survives a reload. */

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** Given to every webview by VS Code; may be called once. */
declare function acquireVsCodeApi(): VsCodeApi;

export interface Host<ToHost, ToWebview, State> {
  post(message: ToHost): void;
  onMessage(listener: (message: ToWebview) => void): void;
  getState(): State | undefined;
  setState(state: State): void;
}

export function connect<ToHost, ToWebview, State>(): Host<ToHost, ToWebview, State> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    onMessage: (listener) =>
      window.addEventListener('message', ({ data }: MessageEvent<ToWebview>) => listener(data)),
    getState: () => api.getState() as State | undefined,
    setState: (state) => api.setState(state),
  };
}
