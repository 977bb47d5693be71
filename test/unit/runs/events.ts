import fc from 'fast-check';
import type { RunEvent } from '../../../src/runs/events.ts';
import { failureCode } from '../../../src/runs/failure.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const fact = fc.oneof(
  { weight: 9, arbitrary: number },
  { weight: 1, arbitrary: fc.constant(null) },
);
const at = fc.nat();
const step = fc.nat();
/** With characters of one to four bytes, newlines among them. */
const text = fc.string({ unit: 'binary' });

/** Any event, as a log gives it back: what was not finite is `null` already. */
export const anyEvent: fc.Arbitrary<RunEvent> = fc
  .oneof(
    fc.record({ kind: fc.constant('start' as const), at, pid: fc.nat(), fromStep: step }),
    fc.integer({ min: 1, max: 4 }).chain((k) => {
      const list = <T>(item: fc.Arbitrary<T>, length: number) =>
        fc.array(item, { minLength: length, maxLength: length });
      const gram = list(fact, (k * (k + 1)) / 2);
      const weights = list(number, k);
      const vector = fc.record({ norm2: fact, inner: list(fact, k) });
      const usual = {
        kind: fc.constant('step' as const),
        at,
        step,
        learningRate: number,
        groups: list(fc.nat(), k),
        sizes: list(fc.nat(), k),
        losses: list(fact, k),
        gram: fc.option(gram),
        weights: fc.option(weights),
        ms: fc.record({ gradients: number, aggregate: number, update: number }),
      };
      const arrival = fc.record({ inner: fact, norm2: fact, weights, direction2: fact });
      return fc.record(
        {
          ...usual,
          tokens: fc.nat(),
          blocks: fc.array(fc.record({ name: text, gram, weights }), { maxLength: 3 }),
          direct: vector,
          streaming: list(arrival, k),
          update: fc.option(vector),
          memory: fc.record(
            { resident: fc.nat(), tensors: fc.nat() },
            { requiredKeys: ['resident'] },
          ),
          device: fc.record(
            {
              processor: number,
              memory: fc.record({ used: fc.nat(), total: fc.nat() }),
              utilization: number,
            },
            { requiredKeys: ['processor'] },
          ),
        },
        { requiredKeys: Object.keys(usual) as (keyof typeof usual)[] },
      );
    }),
    fc.record({ kind: fc.constant('validating' as const), at, step, done: number }),
    fc.record(
      {
        kind: fc.constant('validation' as const),
        at,
        step,
        metrics: fc.dictionary(fc.constantFrom('accuracy', 'loss', 'é'), fact, {
          noNullPrototype: true,
        }),
        spread: fc.oneof(
          fc.record({
            kind: fc.constant('classes' as const),
            mostFrequent: text,
            share: number,
            majority: number,
          }),
          fc.record({
            kind: fc.constant('values' as const),
            deviation: fact,
            targetDeviation: fact,
          }),
        ),
      },
      { requiredKeys: ['kind', 'at', 'step', 'metrics'] },
    ),
    fc.record({
      kind: fc.constant('checkpoint' as const),
      at,
      step,
      path: text,
      best: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('warning' as const), at, step, message: text }),
    fc.record({
      kind: fc.constant('alarm' as const),
      at,
      step,
      rule: text,
      state: fc.constant('raised' as const),
      message: text,
      figures: fc.dictionary(fc.constantFrom('loss', 'weight'), fact, { noNullPrototype: true }),
      groups: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('alarm' as const),
      at,
      step,
      rule: text,
      state: fc.constant('cleared' as const),
    }),
    fc.record({
      kind: fc.constant('end' as const),
      at,
      step,
      status: fc.constantFrom('finished' as const, 'stopped' as const),
    }),
    fc.record({
      kind: fc.constant('end' as const),
      at,
      step,
      status: fc.constant('failed' as const),
      failure: fc.record(
        {
          code: fc.constantFrom(...failureCode.options),
          message: text,
          advice: text,
          remedy: fc.constant('checkpointing' as const),
        },
        { requiredKeys: ['code', 'message'] },
      ),
    }),
  )
  // With the prototype that JSON.parse gives.
  .map((event) => structuredClone(event));
