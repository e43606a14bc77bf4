import { isErrorCode, LotseError, type ErrorCode } from '../core/errors.ts';

type Members = Readonly<Record<string, unknown>>;

/** An application/problem+json body (RFC 9457, with `code`, `hint`, `details`) or any other refusal, as an error. */
export function problemOf(status: number, body: string, what: string): LotseError {
  const members = membersOf(body);
  const detail = text(members.detail) ?? text(members.message) ?? text(members.title);
  const code = text(members.code);
  const hint = text(members.hint);
  const details = Array.isArray(members.details) ? members.details.filter((line) => typeof line === 'string') : [];
  return new LotseError(
    code !== undefined && isErrorCode(code) ? code : codeOfStatus(status),
    detail ?? `${what} was answered with status ${status}`,
    {
      ...(hint === undefined ? {} : { hint }),
      details,
      // What says itself whether it may be repeated is believed.
      retriable: typeof members.retriable === 'boolean' ? members.retriable : [502, 503, 504].includes(status),
    },
  );
}

function membersOf(body: string): Members {
  try {
    const value: unknown = JSON.parse(body);
    return isMembers(value) ? value : {};
  } catch {
    return {}; // not JSON: a proxy in between, or no control plane at all
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** For answers that do not say a code of ours. */
function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return 'bad-input';
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 409:
      return 'conflict';
    case 502:
    case 503:
      return 'unreachable';
    case 504:
      return 'timeout';
    default:
      return 'internal';
  }
}
