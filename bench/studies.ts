/**
 * Sets figures of `grain report` beside those of ictonyx, rliable and deepsig, on the same runs, and writes the table in
 * docs/statistics.md. The runs are those of a report as JSON: `grain run` the digits example with 20 seeds, then
 * `grain report --out report.json`, then `node bench/studies.ts report.json`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { table } from '../src/experiment/markdown.ts';
import { fullReportSchema } from '../src/experiment/report/fullReport.ts';
import { significant } from '../src/experiment/wording.ts';
import { studiesOf } from '../test/python/studies.ts';
import { writeFigures } from './readme.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('Expected a report: node bench/studies.ts report.json');
const { findings, experiments } = fullReportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const [comparison] = findings.comparisons;
if (!comparison) throw new Error(`${file} compares no methods`);
const { one, other } = comparison;
const valuesOf = (method: string) =>
  findings.runs.flatMap((run) => (run.method === method && run.value !== null ? [run.value] : []));
const [beside] = await studiesOf([[valuesOf(one), valuesOf(other)]]);
const rows = beside!.map(({ figure, peer, ours, theirs }) => [
  ...[figure, peer],
  ...[significant(ours, 4), significant(theirs, 4)],
]);
const text = `${experiments[0]!.name}: ${findings.metric} of ${one} and ${other} over ${comparison.pairs} seeds.\n\n${table([['figure', 'peer', 'grain', 'the peer'], ...rows], 2)}`;
console.log(text);
writeFigures('studies', text, fileURLToPath(new URL('../docs/statistics.md', import.meta.url)));
