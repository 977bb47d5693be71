import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDevice } from '../../../src/backends/device.ts';
import { dropoutOf } from '../../../src/nn/layers/dropout.ts';
import type { SupervisedTask } from '../../../src/nn/module/loss.ts';
import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { python } from '../../python/python.ts';
import { hasWebgpu } from '../../webgpu.ts';
import { testFolder } from '../hub/folder.ts';
import { assertGradients, distance, Gradients } from './gradients.ts';
import { full } from './plan.ts';
import { baseOf, change, type Kind, openTiny, TARGETS } from './tinyCheckpoints.ts';

const folder = testFolder();

const lora = (kind: Kind): FineTuningPlan => ({
  ...full,
  lora: { rank: 4, alpha: 8, dropout: 0.2, targets: TARGETS[kind] },
});
const fresh = { ...full, newHead: true };

/** BERT in full, GPT-2 and Llama are looked at elsewhere. */
const cases: readonly [what: string, kind: Kind, plan: FineTuningPlan, task?: SupervisedTask][] = [
  ['RoBERTa', 'roberta', full],
  ['DistilBERT', 'distilbert', full],
  ['Qwen2', 'qwen2', full],
  ['BERT with adapters that drop', 'bert', lora('bert')],
  ['GPT-2 with adapters that drop', 'gpt2', lora('gpt2')],
  ['a value of BERT’s', 'bert', fresh, 'regression'],
];

async function pass([, kind, plan, task]: (typeof cases)[number]) {
  const { parameters, gradients } = await openTiny(baseOf(folder, kind), plan, task);
  // Fresh adapters let nothing through.
  change(parameters);
  const sink = new Gradients();
  const losses = await gradients(dropoutOf(1, 1, 0), sink);
  parameters.dispose();
  return { losses, sink, parameters };
}

test('WebGPU has the losses and gradients that the CPU gives, whatever is trained', async (t) => {
  if (!(await hasWebgpu(t))) return;
  await python('saved_peer.py', ['make', folder]);
  const cpu = await openDevice('cpu');
  const expected: Awaited<ReturnType<typeof pass>>[] = [];
  for (const one of cases) expected.push(await pass(one));
  await cpu.close();
  const webgpu = await openDevice('webgpu');
  for (const [i, one] of cases.entries()) {
    await t.test(one[0], async () => {
      const { losses, sink, parameters } = await pass(one);
      const { losses: sought, sink: cpu } = expected[i]!;
      assert.ok(distance(losses, sought) <= 1e-3, `${losses}, on the CPU ${sought}`);
      assertGradients(sink, parameters, (name) => cpu.of.get(name)!, 1e-3);
    });
  }
  await webgpu.close();
});
