import { z } from 'zod';
import { describeErrorCode, errorCodes, LotseError, toLotseError } from '../core/errors.ts';

/** The body of every answer that is an error (RFC 9457), with the extensions `code`, `hint`, `details`, `retriable`. */
export const problem = z
  .object({
    type: z.string().meta({ description: 'The page about this code, as a path in the documentation' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(errorCodes),
    hint: z.string().optional().meta({ description: 'What to do about it' }),
    details: z.array(z.string()).optional(),
    retriable: z.boolean().meta({ description: 'May the same request succeed when it is repeated unchanged?' }),
    instance: z.string().meta({ description: "The request's id, as in Lotse's log" }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

export const problemType = 'application/problem+json';

/** An error of the protocol itself, for which HTTP has a status of its own. */
export class RefusedRequest extends LotseError {
  readonly status: number;

  constructor(status: number, code: LotseError['code'], message: string, hint?: string) {
    super(code, message, hint === undefined ? {} : { hint });
    this.status = status;
  }
}

/** `requestId` is a UUID. What is not a LotseError shows no text of its own: it could say too much. */
export function problemOf(thrown: unknown, requestId: string): Problem {
  const error = ownError(thrown);
  const { title, status, page } = describeErrorCode(error.code);
  return {
    type: `/${page}`,
    title,
    status: error instanceof RefusedRequest ? error.status : status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details.length === 0 ? {} : { details: [...error.details] }),
    retriable: error.retriable,
    instance: `urn:uuid:${requestId}`,
  };
}

function ownError(thrown: unknown): LotseError {
  if (thrown instanceof LotseError) return thrown;
  if (thrown instanceof Error && 'statusCode' in thrown && 'code' in thrown) {
    if (thrown.code === 'FST_ERR_HANDLER_TIMEOUT') return new LotseError('timeout', 'The answer took too long.');
    const { statusCode } = thrown;
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
      return new RefusedRequest(statusCode, statusCode === 404 ? 'not-found' : 'bad-input', thrown.message);
    }
  }
  const error = toLotseError(thrown);
  if (error.code !== 'internal') return error;
  return new LotseError('internal', 'Something went wrong inside Lotse.', {
    hint: 'The log of the control plane says more under the id of this request.',
  });
}
