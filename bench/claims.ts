/**
 * Writes what `grain verify` has measured into docs/claims.md: `node bench/claims.ts [FOLDER]`, the folder of its --out, by default
 * grain-claims. Nothing is trained.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { summaryMarkdown, verifiedMarkdown } from '../src/experiment/claims/text.ts';
import { verifiedSchema } from '../src/experiment/claims/verify.ts';
import { circumstances, writeFigures } from './readme.ts';

const folder = process.argv[2] ?? 'grain-claims';
const docs = fileURLToPath(new URL('../docs/claims.md', import.meta.url));

const { claims } = z
  .object({ claims: z.array(verifiedSchema) })
  .parse(JSON.parse(readFileSync(path.join(folder, 'claims.json'), 'utf8')));

writeFigures('summary', `${circumstances()}\n\n${summaryMarkdown(claims)}`, docs);
for (const claim of claims) {
  writeFigures(claim.name, verifiedMarkdown(claim), docs);
  for (const [name, picture] of Object.entries(claim.pictures)) {
    writeFileSync(path.join(path.dirname(docs), name), picture);
  }
}
