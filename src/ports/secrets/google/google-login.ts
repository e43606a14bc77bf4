import { createSign } from 'node:crypto';
import { z } from 'zod';
import { LotseError } from '../../../core/errors.ts';
import type { UnixMs } from '../../../core/ids.ts';
import { refusedBy, strangeAnswer, type AskStore, type StoreAnswer, type StoreQuestion } from '../ask-store.ts';
import type { GoogleSource } from '../secret-source.ts';
import type { IssuedToken } from '../short-lived-token.ts';

const keyFile = z.object({
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.url().default('https://oauth2.googleapis.com/token'),
});
const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number() });
const errorAnswer = z.object({ error: z.string(), error_description: z.string().default('') });

const title = 'Google';
const scope = 'https://www.googleapis.com/auth/cloud-platform';
const assertionS = 3600;
const accountHint =
  'Look at the key file that GOOGLE_APPLICATION_CREDENTIALS names: keys are revoked, and a clock that is wrong is refused too.';

/**
 * A token by a service account's key (RFC 7523, https://developers.google.com/identity/protocols/oauth2/service-account)
 * or of the machine (https://cloud.google.com/compute/docs/access/authenticate-workloads). Errors: `forbidden`,
 * `bad-input` (no key file), `unreachable`, `timeout`.
 */
export async function fetchGoogleToken(
  login: GoogleSource['login'],
  ask: AskStore,
  nowMs: UnixMs,
): Promise<IssuedToken> {
  const answer = await ask(login.kind === 'metadata' ? metadataQuestion(login.origin) : assertion(login.key(), nowMs));
  const parsed = tokenAnswer.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) {
    return { token: parsed.data.access_token, holdsMs: parsed.data.expires_in * 1000 };
  }
  if (answer.status < 400 || answer.status >= 500) throw strangeAnswer(title, answer, 'the request for a token');
  const hint = login.kind === 'metadata' ? 'Does this machine have a service account?' : accountHint;
  throw refusedBy(title, reasonOf(answer), hint);
}

function metadataQuestion(origin: string): StoreQuestion {
  const url = `${origin}/computeMetadata/v1/instance/service-accounts/default/token`;
  return { method: 'GET', url, headers: { 'metadata-flavor': 'Google' }, mayRepeat: true };
}

function assertion(keyText: string, nowMs: UnixMs): StoreQuestion {
  const key = parseKey(keyText);
  const issuedAt = Math.floor(nowMs / 1000);
  const claims = { iss: key.client_email, scope, aud: key.token_uri, iat: issuedAt, exp: issuedAt + assertionS };
  const header = { alg: 'RS256', typ: 'JWT', ...(key.private_key_id === undefined ? {} : { kid: key.private_key_id }) };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = createSign('RSA-SHA256').update(text).sign(key.private_key, 'base64url');
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${text}.${signature}`,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: key.token_uri, headers, body: body.toString(), mayRepeat: true };
}

function parseKey(text: string): z.infer<typeof keyFile> {
  try {
    return keyFile.parse(JSON.parse(text));
  } catch {
    // Without the cause: it would quote the file.
    throw new LotseError('bad-input', 'The key file of the service account is none', {
      hint: 'GOOGLE_APPLICATION_CREDENTIALS names the JSON file of a service account key.',
    });
  }
}

function reasonOf({ status, body }: StoreAnswer): string {
  const parsed = errorAnswer.safeParse(body);
  if (!parsed.success) return `status ${status}`;
  return parsed.data.error_description.slice(0, 200) || parsed.data.error;
}
