/** Techniques that make no sense with a config, or with each other. */
import { readsTexts, trainsTransformer } from '../data.ts';
import type { Finding, Path } from '../diagnostic.ts';
import type { Config } from '../schema.ts';
import type { Technique } from './description.ts';
import { rivalsOf, type TechniqueName, techniques } from './registry.ts';
import type { WrittenTechniques } from './schema.ts';

export function techniquesFit(config: Config): Finding[] {
  const common = config.techniques ?? {};
  return [
    ...findingsIn(config, common, {}, ['techniques']),
    ...config.aggregate.flatMap((entry, i) =>
      typeof entry === 'string'
        ? []
        : findingsIn(config, entry.techniques ?? {}, common, ['aggregate', i, 'techniques']),
    ),
  ];
}

/** @param others of the whole config, where these are of an entry */
function findingsIn(
  config: Config,
  own: WrittenTechniques,
  others: WrittenTechniques,
  path: Path,
): Finding[] {
  const names = Object.keys(own) as TechniqueName[];
  const besides = new Set([...names, ...(Object.keys(others) as TechniqueName[])]);
  return names.flatMap((name) => {
    const { refusal }: Technique = techniques[name];
    const at = { path: [...path, name], isKey: true };
    const refused = refusal?.(contextOf(config));
    const other = rivalsOf(name).find((it) => besides.has(it));
    // Of two in one place, the second is named.
    const isSecond =
      other !== undefined && (!(other in own) || names.indexOf(other) < names.indexOf(name));
    return [
      ...(refused ? [{ ...at, ...refused }] : []),
      ...(isSecond
        ? [
            {
              ...at,
              message: `${name} does not go together with ${other}`,
              expected: 'one of the two',
            },
          ]
        : []),
    ];
  });
}

function contextOf({ task, data, model, groups, device, batches }: Config) {
  return {
    task,
    isTransformer: trainsTransformer({ data, device }),
    readsTexts: readsTexts(data),
    batches,
    isPretrained: model.from !== undefined,
    hasAdapter: model.adapter !== undefined,
    accumulates: groups.backward === 'accumulate',
    dropout: model.dropout,
    device,
    isCheckpointed: model.checkpointing,
  };
}
