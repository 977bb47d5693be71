import type {
  SeedVarianceState,
  SeedVarianceToHost,
  SeedVarianceToWebview,
} from '../../src/extension/messages/seedVariance.ts';
import { connect } from '../host.ts';
import { rootElement } from '../page.ts';
import { SeedVarianceView } from './view.ts';

const host = connect<SeedVarianceToHost, SeedVarianceToWebview, SeedVarianceState>();
const view = new SeedVarianceView(rootElement(), {
  selectExperiment: (id) => host.post({ type: 'selectExperiment', id }),
  selectMetric: (metric) => host.post({ type: 'selectMetric', metric }),
});

host.onMessage((message) => {
  switch (message.type) {
    case 'show':
      host.setState({ experimentId: message.experiment.id, metric: message.metric });
      return view.show(message);
    case 'empty':
      return view.empty(message.reason);
  }
});
host.post({ type: 'ready' });
