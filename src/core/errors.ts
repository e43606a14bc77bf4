/**
 * One error type for the whole house. `code` is a closed union; one table says what a code means to an HTTP client
 * (RFC 9457), to a shell (exit code) and where the documentation page about it is.
 */
const table = {
  'bad-input': { status: 400, exit: 2, title: 'The request is not valid' },
  'manifest-invalid': { status: 422, exit: 3, title: 'lotse.yaml is not valid' },
  unauthenticated: { status: 401, exit: 4, title: 'A credential is needed' },
  forbidden: { status: 403, exit: 4, title: 'This credential may not do that' },
  'not-found': { status: 404, exit: 5, title: 'There is no such thing' },
  conflict: { status: 409, exit: 6, title: 'The current state does not allow that' },
  'gate-closed': { status: 409, exit: 7, title: 'A gate is not open' },
  'not-proven': { status: 409, exit: 8, title: 'The way back is not proven' },
  quarantined: { status: 409, exit: 9, title: 'The release is in quarantine' },
  'build-failed': { status: 422, exit: 10, title: 'The build failed' },
  'verification-failed': { status: 422, exit: 11, title: 'The verification failed' },
  returned: { status: 409, exit: 12, title: 'It returned to what was there before it' },
  stranded: { status: 500, exit: 13, title: 'It could neither finish nor return' },
  'not-built-yet': { status: 501, exit: 14, title: 'This part of Lotse is not built yet' },
  unreachable: { status: 503, exit: 20, title: 'A part that is needed does not answer' },
  timeout: { status: 504, exit: 21, title: 'A deadline has passed' },
  'port-taken': { status: 503, exit: 22, title: 'A port is taken' },
  'disk-full': { status: 507, exit: 23, title: 'The disk is full' },
  locked: { status: 423, exit: 24, title: 'Another control plane owns this state' },
  'fenced-off': { status: 409, exit: 25, title: 'A newer control plane has taken over' },
  'journal-damaged': { status: 500, exit: 26, title: 'The journal is damaged' },
  sealed: { status: 503, exit: 28, title: 'A secret cannot be opened' },
  'state-too-new': { status: 500, exit: 27, title: 'The state was written by a newer Lotse' },
  'wrong-version': { status: 409, exit: 29, title: 'Command line and control plane are too far apart' },
  cancelled: { status: 409, exit: 130, title: 'Cancelled' },
  internal: { status: 500, exit: 70, title: 'A mistake inside Lotse' },
} as const satisfies Record<string, { status: number; exit: number; title: string }>;

export type ErrorCode = keyof typeof table;

export const errorCodes = Object.keys(table).filter((code): code is ErrorCode => code in table);

export interface ErrorDetails {
  /** What to do about it, one sentence. */
  readonly hint?: string;
  /** May the same call succeed when repeated unchanged? */
  readonly retriable?: boolean;
  readonly cause?: unknown;
  /** Further lines for people: log tails, positions, lists. Never secret values. */
  readonly details?: readonly string[];
}

export class LotseError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retriable: boolean;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, more: ErrorDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'LotseError';
    this.code = code;
    this.hint = more.hint;
    this.retriable = more.retriable ?? false;
    this.details = more.details ?? [];
  }
}

/** HTTP status (RFC 9110), process exit code, title and documentation page of an error code. */
export function describeErrorCode(code: ErrorCode) {
  return { ...table[code], page: `docs/reference/errors.md#${code}` };
}

export function isErrorCode(text: string): text is ErrorCode {
  return text in table;
}

/** What went wrong and, where it is known, what to do: one line for people. */
export function sayError(thrown: unknown): string {
  const { message, hint } = toLotseError(thrown);
  if (hint === undefined) return message;
  return `${/[.!?]$/.test(message) ? message : `${message}.`} ${hint}`;
}

/** Wraps whatever was thrown; a LotseError passes unchanged. */
export function toLotseError(thrown: unknown): LotseError {
  if (thrown instanceof LotseError) return thrown;
  if (thrown instanceof Error) {
    if ('code' in thrown && thrown.code === 'ENOSPC') {
      return new LotseError('disk-full', thrown.message, {
        hint: 'Free some space, then repeat the command.',
        cause: thrown,
      });
    }
    return new LotseError('internal', thrown.message, { cause: thrown });
  }
  return new LotseError('internal', String(thrown));
}
