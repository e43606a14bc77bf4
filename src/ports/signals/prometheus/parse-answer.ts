import { LotseError } from '../../../core/errors.ts';

/**
 * The number in an answer to an instant query: a scalar, or a vector of one series. Null: no series, or nothing finite.
 * Errors: `bad-input` (the query is wrong, or gives several series), `unreachable` (the server cannot answer now).
 */
export function parseAnswer(text: string, status: number, where: string): number | null {
  const answer = objectIn(text);
  if (answer?.['status'] === 'success') return numberIn(objectOf(answer['data']), where);
  const said = answer?.['status'] === 'error' ? stringOf(answer['error']) : null;
  const message = `${where} answered with ${status}${said === null ? '' : `: ${said}`}`;
  if (status >= 500 || status === 429) throw new LotseError('unreachable', message, { retriable: true });
  const hint = said === null ? 'Is it the address of a server with the HTTP API of Prometheus?' : 'Correct the query.';
  throw new LotseError('bad-input', message, { hint });
}

function numberIn(data: Readonly<Record<string, unknown>> | null, where: string): number | null {
  const result = data?.['result'];
  if (data?.['resultType'] === 'scalar') return valueOf(result, where);
  if (data?.['resultType'] !== 'vector' || !Array.isArray(result)) throw notANumber(where, 'neither scalar nor vector');
  if (result.length === 0) return null;
  if (result.length > 1) throw notANumber(where, `${result.length} series; one is needed, so sum or average them`);
  return valueOf(objectOf(result[0])?.['value'], where);
}

/** `[<unix seconds>, "<number>"]`; NaN and the infinities are written as `NaN`, `+Inf` and `-Inf`. */
function valueOf(sample: unknown, where: string): number | null {
  const value: unknown = Array.isArray(sample) ? sample[1] : null;
  if (typeof value !== 'string' || value.trim() === '') throw notANumber(where, 'a sample without a value');
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function notANumber(where: string, what: string): LotseError {
  return new LotseError('bad-input', `${where} answered with ${what}`, { hint: 'Correct the query.' });
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
}

function stringOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
