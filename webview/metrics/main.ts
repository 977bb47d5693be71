import type { RunPanelState } from '../../src/extension/messages/common.ts';
import type { MetricsToHost, MetricsToWebview } from '../../src/extension/messages/metrics.ts';
import { connect } from '../host.ts';
import { rootElement } from '../page.ts';
import { MetricsView } from './view.ts';

const host = connect<MetricsToHost, MetricsToWebview, RunPanelState>();
const view = new MetricsView(rootElement(), (id) => host.post({ type: 'selectRun', id }));

host.onMessage((message) => {
  switch (message.type) {
    case 'show':
      host.setState({ runId: message.run.id });
      return view.show(message);
    case 'append':
      return view.append(message);
    case 'cost':
      return view.cost(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
host.post({ type: 'ready' });
