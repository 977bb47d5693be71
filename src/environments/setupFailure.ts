/** Why a set-up failed, recognized in what pip, venv, uv and tar print, and what to do about it. */
import { messageOf } from '../config/errors.ts';
import type { Ended } from './program.ts';

const causes = {
  cancelled: { reason: 'it was cancelled', advice: '' },
  notStarted: { reason: 'the program cannot be started', advice: 'Choose another Python.' },
  noPython: {
    reason: 'no Python was found',
    advice: 'Install Python 3.10 or newer, and try again.',
  },
  noNetwork: {
    reason: 'the package index cannot be reached',
    advice:
      'Check the network; behind a proxy set HTTPS_PROXY, for an index of your own PIP_INDEX_URL (WebGPU: NPM_CONFIG_REGISTRY).',
  },
  noSpace: {
    reason: 'no space is left on the disk',
    advice: 'PyTorch for a GPU takes about 8 GB: free as much, and try again.',
  },
  pythonTooOld: {
    reason: 'this Python is too old',
    advice: 'Install Python 3.10 or newer, and choose that.',
  },
  noVersion: {
    reason:
      'the package index has no fitting version of a package, as for a Python that is too new or too old',
    advice: 'Choose another Python (3.10 or newer), or check PIP_INDEX_URL.',
  },
  noEnsurepip: {
    reason: 'this Python cannot make environments, because ensurepip is missing',
    advice: 'Install it (Debian, Ubuntu: apt install python3-venv), or install uv.',
  },
  noPip: {
    reason: 'this Python has no pip',
    advice: 'Make a new environment instead, or run `python -m ensurepip`.',
  },
  externallyManaged: {
    reason: 'this Python belongs to the system, whose package manager allows no others in it',
    advice: 'Make a new environment instead.',
  },
  noPermission: {
    reason: 'the folder cannot be written to',
    advice: 'Make a new environment instead, or choose a Python of your own.',
  },
  notImported: {
    reason: 'its PyTorch cannot be imported',
    advice: 'Choose another Python, or make a new environment.',
  },
  incomplete: {
    reason: 'the installation ended well, but packages are still missing',
    advice: 'Make a new environment instead.',
  },
  unknown: { reason: 'the installation failed', advice: '' },
} as const;

export type Cause = keyof typeof causes;

/** Of the first that matches; a network that fails is also said to have no version. */
const signs: readonly (readonly [Cause, RegExp])[] = [
  ['noSpace', /No space left on device|os error 28|Errno 28|ENOSPC|Disk quota exceeded/i],
  ['externallyManaged', /externally[- ]managed/i],
  ['noEnsurepip', /ensurepip is not\s+available|No module named '?ensurepip|'-m', 'ensurepip'/],
  ['noPip', /No module named '?pip\b/],
  [
    'noNetwork',
    /NewConnectionError|ConnectTimeout|ReadTimeout|Connection (refused|reset|aborted)|Failed to establish a new connection|name resolution|dns error|error sending request|Network is unreachable|ProxyError|tunneling socket|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/i,
  ],
  ['pythonTooOld', /requires a different Python|does not satisfy Python/i],
  ['noVersion', /No matching distribution found|No solution found|ResolutionImpossible|ETARGET/],
  [
    'noPermission',
    /Permission denied|Errno 13|os error 13|Read-only file system|Errno 30|os error 30|EACCES|EROFS|EPERM/i,
  ],
];

/** A set-up that came to nothing. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly kind: Cause;
  /** What the program printed last. */
  readonly last: readonly string[];

  constructor(kind: Cause, last: readonly string[] = []) {
    const { reason, advice } = causes[kind];
    const end = kind === 'unknown' ? last.findLast((line) => line.trim() !== '') : undefined;
    super(
      [`${reason}${end ? `: ${end.trim().replace(/\.$/, '')}` : ''}.`, advice]
        .filter(Boolean)
        .join(' '),
    );
    this.kind = kind;
    this.last = last;
  }
}

/** The cause of a program's failure. */
export function causeOf({ cut, last }: Pick<Ended, 'cut' | 'last'>): Cause {
  if (cut === 'cancelled') return 'cancelled';
  if (cut === 'notStarted') return 'notStarted';
  const text = last.join('\n');
  return signs.find(([, sign]) => sign.test(text))?.[0] ?? 'unknown';
}

/** What was thrown, as the failure of a set-up. */
export function asSetupError(error: unknown): SetupError {
  if (error instanceof SetupError) return error;
  // What fetch throws has its reason in its cause.
  const causes = [error, error instanceof Error ? error.cause : undefined];
  const last = causes.flatMap((it) => (it === undefined ? [] : [messageOf(it)]));
  return new SetupError(causeOf({ last }), last);
}
