import type { RunPanelState } from '../../src/extension/messages/common.ts';
import type { ConflictToHost, ConflictToWebview } from '../../src/extension/messages/conflict.ts';
import { connect } from '../host.ts';
import { rootElement } from '../page.ts';
import { ConflictView } from './view.ts';

const host = connect<ConflictToHost, ConflictToWebview, RunPanelState>();
const view = new ConflictView(rootElement(), (id) => host.post({ type: 'selectRun', id }));

host.onMessage((message) => {
  switch (message.type) {
    case 'show':
      host.setState({ runId: message.run.id });
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
host.post({ type: 'ready' });
