/** The texts of a run's validation examples, read by a `grain` process as every data file is. */
import path from 'node:path';
import * as z from 'zod';
import { messageOf } from '../../config/errors.ts';
import type { RunSummary } from '../../runs/store.ts';
import { askLines, type GrainCommand } from '../launch/grainProcess.ts';

/** Characters of each text that are kept of every example. */
const EXCERPT = 160;

const lineSchema = z.object({
  index: z.number(),
  parts: z.array(z.object({ name: z.string(), text: z.string() })),
  group: z.string().nullable(),
});
type ExampleText = z.infer<typeof lineSchema>;

/** The beginning of every example's text and its group, and one example's whole text at a time. */
export class ExampleTexts {
  readonly #grain: () => GrainCommand | undefined;
  readonly #run: Pick<RunSummary, 'folder' | 'manifest'>;
  readonly #excerpts: string[] = [];
  readonly #groups: (string | null)[] = [];
  readonly #ended = new AbortController();
  /** The example whose text was asked for, and its text once it was read. */
  #asked: number | undefined;
  #whole: ExampleText | undefined;
  #note = '';
  /** Processes that read. */
  #reading = 0;

  /** @param grain undefined where no process may be started */
  constructor(grain: () => GrainCommand | undefined, run: Pick<RunSummary, 'folder' | 'manifest'>) {
    this.#grain = grain;
    this.#run = run;
    void this.#read();
  }

  /** Why there are no texts; empty while they are read, and once they are. */
  get note(): string {
    return this.#note;
  }

  get isReading(): boolean {
    return this.#reading > 0;
  }

  excerpt(index: number): string | null {
    return this.#excerpts[index] ?? null;
  }

  group(index: number): string | null {
    return this.#groups[index] ?? null;
  }

  /** Distinct ones, sorted. */
  get groups(): readonly string[] {
    return [...new Set(this.#groups.filter((group) => group !== null))].sort();
  }

  /** The whole text; null while it is read, which this begins. */
  whole(index: number): ExampleText | null {
    if (this.#asked !== index) {
      this.#asked = index;
      this.#whole = undefined;
      if (this.#note === '') void this.#readWhole(index);
    }
    return this.#whole ?? null;
  }

  dispose(): void {
    this.#ended.abort();
  }

  async #read(): Promise<void> {
    this.#note = await this.#ask(['--cut', String(EXCERPT)], ({ index, parts, group }) => {
      this.#excerpts[index] = excerptOf(parts);
      this.#groups[index] = group;
    });
  }

  async #readWhole(index: number): Promise<void> {
    await this.#ask(['--index', String(index)], (example) => {
      if (this.#asked === index) this.#whole = example;
    });
  }

  /** @returns why it cannot be read; empty if it was */
  async #ask(args: readonly string[], onExample: (example: ExampleText) => void): Promise<string> {
    const { folder, manifest } = this.#run;
    const command = this.#grain();
    if (!command) return 'The texts are read only in a trusted folder.';
    const root = path.resolve(folder, '../../..');
    const all = ['examples', manifest.id, '--root', root, '--json', ...args];
    const onLine = (line: string) => {
      const { data } = lineSchema.safeParse(JSON.parse(line));
      if (data) onExample(data);
    };
    this.#reading++;
    try {
      const failure = await askLines(command, all, root, { onLine, cancelled: this.#ended.signal });
      return failure && `The texts are not shown: ${failure}.`;
    } catch (error) {
      return `The texts are not shown: ${messageOf(error)}.`;
    } finally {
      this.#reading--;
    }
  }
}

/** One text as it is, several or features with their names. */
function excerptOf(parts: ExampleText['parts']): string {
  const [first] = parts;
  if (first && parts.length === 1) return first.text;
  let excerpt = '';
  for (const { name, text } of parts) {
    if (excerpt.length >= EXCERPT) break;
    excerpt += `${excerpt && ' · '}${name}: ${text}`;
  }
  return excerpt.slice(0, EXCERPT);
}
