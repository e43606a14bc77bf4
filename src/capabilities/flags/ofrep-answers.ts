import { createHash } from 'node:crypto';
import type { Resolution } from '../../flags/definitions.ts';
import type { EnvironmentFlags } from './environment-flags.ts';

/** An answer before it is sent. */
export interface FlagAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  /** JSON; null: no body. */
  readonly body: string | null;
}

/** The same resolution is given again and again, so its text is kept with it. */
const texts = new WeakMap<Resolution, string>();

/** The answer to a flag asked for by name (https://openfeature.dev/specification, OFREP's OpenAPI document). */
export function answerOne(flag: string, resolution: Resolution | null): FlagAnswer {
  if (resolution === null) {
    return failure(404, { key: flag, errorCode: 'FLAG_NOT_FOUND', errorDetails: `There is no flag ${flag} here.` });
  }
  const status = resolution.errorCode === undefined ? 200 : 400;
  return { status, fields: {}, body: textOf(flag, resolution) };
}

/** All flags at once. `known`: the ETag that the client has; with the same one nothing is sent. */
export function answerAll(
  flags: EnvironmentFlags,
  context: Readonly<Record<string, unknown>>,
  known: string | null,
  streamPath: string,
): FlagAnswer {
  const hash = createHash('sha256').update(flags.etag).update(JSON.stringify(context)).digest('base64url');
  const etag = `"${hash.slice(0, 22)}"`;
  const fields = { etag };
  if (known !== null && known.split(/\s*,\s*/).includes(etag)) {
    flags.noteAllUsed();
    return { status: 304, fields, body: null };
  }
  const list: string[] = [];
  for (const [flag, resolution] of flags.evaluateAll(context)) list.push(textOf(flag, resolution));
  const stream = { type: 'sse', endpoint: { requestUri: streamPath }, inactivityDelaySec: 120 };
  return { status: 200, fields, body: `{"flags":[${list.join(',')}],"eventStreams":${JSON.stringify([stream])}}` };
}

export function failure(status: number, body: object, fields: FlagAnswer['fields'] = {}): FlagAnswer {
  return { status, fields, body: JSON.stringify(body) };
}

function textOf(key: string, resolution: Resolution): string {
  const kept = texts.get(resolution);
  if (kept !== undefined) return kept;
  const { value, variant, reason, flagMetadata: metadata, errorCode, errorMessage: errorDetails } = resolution;
  const text =
    errorCode === undefined
      ? JSON.stringify({ key, value, variant, reason, metadata })
      : JSON.stringify({ key, errorCode, errorDetails, metadata });
  texts.set(resolution, text);
  return text;
}
