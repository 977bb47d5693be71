/** The alarms of a run whose trainer may not have applied the rules. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { type RunAlarm, runAlarmSchema } from '../../runs/alarms.ts';
import { parseEvent } from '../../runs/events.ts';
import { runFile } from '../../runs/grainFolder.ts';
import { indexFolder } from '../../runs/index/head.ts';
import type { RunIndex } from '../../runs/index/runIndex.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { LineTail, type Place } from '../../runs/tail.ts';
import { AlarmLog } from './alarmWatch.ts';
import { rules } from './rules.ts';

interface Run {
  readonly folder: string;
  readonly manifest: RunManifest;
}

/** `alarms.json` in the index: what the rules find in a log up to a place. */
const keptSchema = z.object({
  /** Of the rules that found it. */
  rules: z.number(),
  offset: z.number(),
  /** Of the bytes before the place. */
  crc: z.number(),
  alarms: z.array(runAlarmSchema),
});

/** Follows the alarms of a run: those that its trainer logged or, where it knows no rules, those that follow from its facts. */
export class DerivedAlarms {
  readonly #run: Run;
  #log: AlarmLog;
  #lines: LineTail | undefined;

  constructor(run: Run) {
    this.#run = run;
    this.#log = new AlarmLog(run.manifest);
  }

  /** @param index of the run, refreshed */
  async read({ digest, place }: RunIndex): Promise<readonly RunAlarm[]> {
    const { alarms: logged } = digest.progress;
    // Our own trainer applies the rules, less those that its config turns off.
    if (logged.length > 0 || 'grain' in this.#run.manifest.versions) return logged;
    const kept = this.#lines ? null : await this.#readKept(place);
    if (kept) return kept;
    this.#lines ??= new LineTail(runFile(this.#run.folder, 'events'));
    await this.#lines.read({
      line: ({ bytes }) => {
        const event = parseEvent(bytes.toString());
        if (typeof event === 'object') this.#log.add(event);
      },
      restart: () => {
        this.#log = new AlarmLog(this.#run.manifest);
      },
    });
    this.#keep(this.#lines.place, this.#log.alarms);
    return this.#log.alarms;
  }

  async #readKept({ offset, mark }: Place): Promise<readonly RunAlarm[] | null> {
    try {
      const kept = keptSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')));
      const isOfNow = kept.offset === offset && kept.crc === crc32(mark);
      return isOfNow && kept.rules === rulesVersion() ? kept.alarms : null;
    } catch {
      return null;
    }
  }

  #keep({ offset, mark }: Place, alarms: readonly RunAlarm[]): void {
    const kept = {
      rules: rulesVersion(),
      offset,
      crc: crc32(mark),
      alarms,
    };
    try {
      writeFileAtomic.sync(this.#file, JSON.stringify(kept), { fsync: false });
    } catch {
      // They are found again next time.
    }
  }

  get #file(): string {
    return path.join(indexFolder(this.#run.folder), 'alarms.json');
  }
}

/** Changes with the conditions of the rules, which name every threshold. */
function rulesVersion(): number {
  return crc32(
    JSON.stringify(Object.entries(rules).map(([rule, { condition }]) => [rule, condition])),
  );
}
