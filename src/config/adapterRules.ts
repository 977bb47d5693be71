/** Rules about `model.adapter`: one kind, and what it goes with. */
import { adapterKinds } from './adapterSchema.ts';
import { readsTexts } from './data.ts';
import type { Finding, Path } from './diagnostic.ts';
import type { Rule } from './rule.ts';
import type { Config } from './schema.ts';

export const adapterRules: readonly Rule[] = [
  adaptersAreOne,
  adaptersNeedTorch,
  promptsNeedTexts,
  ranksFall,
  schedulesAreOne,
];

/** The kinds of adapters that a config names. */
const kindsOf = (adapter: Config['model']['adapter']) =>
  adapterKinds.filter((kind) => adapter?.[kind] !== undefined);

function adaptersAreOne({ model: { adapter } }: Config): Finding[] {
  if (!adapter) return [];
  const [first, second] = kindsOf(adapter);
  const path = ['model', 'adapter'];
  if (first === undefined) {
    return [{ path, message: 'model.adapter names no adapter', expected: 'such as { lora: {} }' }];
  }
  if (second === undefined) return [];
  return [
    {
      path: [...path, second],
      isKey: true,
      message: `model.adapter names both ${first} and ${second}`,
      expected: 'one of them',
    },
  ];
}

function adaptersNeedTorch({ model, device }: Config): Finding[] {
  if (device === 'torch' || device === 'auto') return [];
  return kindsOf(model.adapter)
    .filter((kind) => kind !== 'lora')
    .map((kind) => ({
      path: ['model', 'adapter', kind],
      isKey: true,
      message: `device ${device} trains no adapters of the kind ${kind}`,
      expected: 'lora, or device: torch',
    }));
}

/** Tokens go before texts, and peft trains nothing else inside the network. */
function promptsNeedTexts({ model, data }: Config): Finding[] {
  if (model.adapter?.promptTuning === undefined) return [];
  const finding = (path: Path, message: string) => ({
    path,
    isKey: true,
    message,
    expected: 'lora, dora or ia3',
  });
  return [
    ...(readsTexts(data)
      ? []
      : [finding(['model', 'adapter', 'promptTuning'], 'promptTuning needs data.text')]),
    ...(model.reinitialize > 0
      ? [
          finding(
            ['model', 'reinitialize'],
            'promptTuning trains no blocks of the network, so that none can be reinitialized',
          ),
        ]
      : []),
  ];
}

function ranksFall({ model }: Config, isWritten: (path: Path) => boolean): Finding[] {
  const { adalora } = model.adapter ?? {};
  if (!adalora) return [];
  const { rank, targetRank, warmup, fixed } = adalora;
  const adapter = ['model', 'adapter', 'adalora'];
  const firstWritten = (...keys: readonly string[]) =>
    keys.map((key) => [...adapter, key]).find(isWritten) ?? adapter;
  const findings: Finding[] = [];
  if (targetRank >= rank) {
    findings.push({
      path: firstWritten('targetRank', 'rank'),
      message: `adalora.targetRank is ${targetRank}, not less than adalora.rank, which is ${rank}`,
      expected: 'ranks that fall, or lora, whose ranks stay',
    });
  }
  if (warmup + fixed >= 1) {
    findings.push({
      path: firstWritten('warmup', 'fixed'),
      message: `adalora.warmup and adalora.fixed are ${warmup + fixed} of the steps: none are left in which ranks fall`,
      expected: 'less than 1 together',
    });
  }
  return findings;
}

/** What the schedule of the ranks does not go with. */
function schedulesAreOne({ model, aggregate, techniques: common = {} }: Config): Finding[] {
  if (!model.adapter?.adalora) return [];
  const moving = (techniques: object) =>
    Object.keys(techniques)
      .filter((name) => name in movingParameters)
      .map((name) => ['techniques', name]);
  const places: { at: Path; keys: string[][] }[] = [
    { at: [], keys: moving(common) },
    ...aggregate.flatMap((entry, i) => {
      if (typeof entry === 'string') return [];
      const { guard, techniques = {} } = entry;
      const guards = guard === undefined || guard === false ? [] : [['guard']];
      return { at: ['aggregate', i], keys: [...guards, ...moving(techniques)] };
    }),
  ];
  return places.flatMap(({ at, keys }) =>
    keys.map((key) => ({
      path: [...at, ...key],
      isKey: true,
      message: `${key.at(-1)} does not go with adalora, which ${movingParameters[key.at(-1)!] ?? zeros}`,
      expected: 'no such key, or lora',
    })),
  );
}

const zeros = 'keeps some parameters at zero';
const movingParameters: Readonly<Record<string, string>> = {
  ema: zeros,
  swa: zeros,
  headFirst: 'has a schedule over all steps',
};
