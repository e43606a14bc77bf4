export interface ApiProblem {
  /** HTTP status; 0 when nobody answered. */
  readonly status: number;
  /** As in src/core/errors.ts, `unreachable` when nobody answered. */
  readonly code: string;
  /** Empty when nobody answered. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | null;
  readonly details: readonly string[];
  readonly retriable: boolean;
}

export class ApiError extends Error {
  readonly problem: ApiProblem;

  constructor(problem: ApiProblem) {
    super(problem.message);
    this.name = 'ApiError';
    this.problem = problem;
  }
}

/** An application/problem+json body (RFC 9457 with `code`, `hint`, `details`, `retriable`), or whatever came instead. */
export function errorOf(status: number, body: string): ApiError {
  const members = membersOf(body);
  const details = Array.isArray(members.details) ? members.details.filter((line) => typeof line === 'string') : [];
  return new ApiError({
    status,
    code: textOf(members.code) ?? `status-${status}`,
    message: textOf(members.detail) ?? textOf(members.title) ?? `HTTP ${status}`,
    hint: textOf(members.hint),
    details,
    retriable: members.retriable === true || [502, 503, 504].includes(status),
  });
}

/** Whatever was thrown, in the one form that the page shows. */
export function problemOf(thrown: unknown): ApiProblem {
  if (thrown instanceof ApiError) return thrown.problem;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { status: 0, code: 'internal', message, hint: null, details: [], retriable: false };
}

/** Nobody has answered at all. */
export function isSilence(thrown: unknown): boolean {
  const { status, code } = problemOf(thrown);
  return status === 0 && code === 'unreachable';
}

function membersOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {}; // a proxy in between, or no control plane at all
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
