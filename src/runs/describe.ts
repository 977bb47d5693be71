import type { RunEvent } from './events.ts';
import { failureText } from './failure.ts';
import { percent } from './percent.ts';

/** What a person wants to read of an event in a log; null for those that come at every step. */
export function describe(event: RunEvent): string | null {
  switch (event.kind) {
    case 'start':
      return event.fromStep === 0 ? 'started' : `goes on from step ${event.fromStep}`;
    case 'step':
      return null;
    case 'validating':
      return `step ${event.step}: validating, ${percent(event.done)} done`;
    case 'validation': {
      const metrics = Object.entries(event.metrics).map(
        ([name, value]) => `${name} ${value === null ? 'NaN' : Number(value.toPrecision(4))}`,
      );
      return `step ${event.step}: ${metrics.join(', ')}`;
    }
    case 'checkpoint':
      return `step ${event.step}: saved ${event.path}${event.best ? ', the best so far' : ''}`;
    case 'warning':
      return `step ${event.step}: warning: ${event.message}`;
    case 'end':
      return `${event.status} at step ${event.step}${event.status === 'failed' ? `: ${failureText(event.failure)}` : ''}`;
  }
}
