/** Guesses in which legacy encoding a file was written, for a message: the user decides. */

/** How many bytes around the bad one are looked at. */
const SAMPLE = 4096;

interface Candidate {
  /** As `iconv` calls it. */
  readonly name: string;
  readonly label: string;
  /** Letters that a text in this encoding mostly consists of, besides ASCII. */
  readonly letters: RegExp;
}

/** In order of preference. Cyrillic texts are mostly in small letters, which distinguishes the two encodings. */
const candidates: readonly Candidate[] = [
  { name: 'WINDOWS-1251', label: 'windows-1251', letters: /[а-яё]/gu },
  { name: 'KOI8-R', label: 'koi8-r', letters: /[а-яё]/gu },
  { name: 'SHIFT_JIS', label: 'shift_jis', letters: /[\u3040-\u30ff\u4e00-\u9fff。、]/gu },
  { name: 'EUC-JP', label: 'euc-jp', letters: /[\u3040-\u30ff。、]/gu },
  { name: 'EUC-KR', label: 'euc-kr', letters: /[\uac00-\ud7a3]/gu },
  { name: 'GB18030', label: 'gb18030', letters: /[\u4e00-\u9fff\u3000-\u3002\uff00-\uff1f]/gu },
  { name: 'WINDOWS-1252', label: 'windows-1252', letters: /[À-ÿ’‘“”–—…€°§]/gu },
];

const FALLBACK = candidates.at(-1)!;

/** Bytes that stand for nothing in WINDOWS-1252. */
const UNUSED_IN_1252 = /[\x81\x8d\x8f\x90\x9d]/;

/** @param bad offset of a byte that is not UTF-8 @returns null if the bytes are text in none of the candidates */
export function guessEncoding(
  bytes: Buffer,
  bad: number,
): { readonly encoding: string; readonly shown: string } | null {
  const sample = bytes.subarray(Math.max(0, bad - SAMPLE / 2), bad + SAMPLE / 2);
  const runs = sample.toString('latin1').match(/[\x80-\xff]+/g) ?? [];
  // In European texts letters with accents stand alone; two bytes per letter, or another alphabet, make longer runs.
  const mean = runs.reduce((sum, run) => sum + run.length, 0) / Math.max(1, runs.length);
  const likely = mean < 1.6 ? [FALLBACK] : candidates;
  const best = likely
    .map((candidate) => ({ candidate, score: scoreOf(candidate, sample) }))
    .reduce((a, b) => (b.score > a.score ? b : a));
  if (best.score === 0 && UNUSED_IN_1252.test(sample.toString('latin1'))) return null;
  const { name, label } = best.score > 0 ? best.candidate : FALLBACK;
  const shown = new TextDecoder(label)
    .decode(bytes.subarray(bad, bad + 24))
    .replace(/[\s\p{Cc}].*$/su, '');
  return { encoding: name, shown };
}

/** Share of the characters beyond ASCII that the candidate's texts consist of; 0 if the bytes cannot be in this encoding. */
function scoreOf({ label, letters }: Candidate, sample: Buffer): number {
  const text = new TextDecoder(label).decode(sample);
  const foreign = [...text.replace(/\p{ASCII}/gu, '')];
  const wrong = foreign.filter((char) => char === '\ufffd' || /\p{Cc}/u.test(char)).length;
  // The sample may cut a character at either end.
  if (wrong > 2 || foreign.length === 0) return 0;
  return (text.match(letters)?.length ?? 0) / foreign.length;
}

/** `UTF-16LE` or `UTF-16BE` if every second byte of most characters is NUL. */
export function isUnmarkedUtf16(bytes: Buffer): 'UTF-16LE' | 'UTF-16BE' | null {
  const head = bytes.subarray(0, 256);
  if (head.length < 4 || !head.includes(0)) return null;
  const nuls = [0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) nuls[i % 2]!++;
  const pairs = Math.floor(head.length / 2);
  if (nuls[1]! > pairs / 3 && nuls[0] === 0) return 'UTF-16LE';
  return nuls[0]! > pairs / 3 && nuls[1] === 0 ? 'UTF-16BE' : null;
}
