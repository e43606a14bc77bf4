import type { MeView } from '../../../src/capabilities/accounts/accounts-api.ts';
import { ask } from '../api/parse-answers.ts';
import { callApi } from '../api/call-api.ts';

/** Can it be done here? Passkeys belong to names: a numeric address of this machine itself has one, `localhost`. */
export function passkeyStanding(): 'possible' | 'needs-name' | 'impossible' {
  if (/^127\.|^\[::1\]$/.test(location.hostname)) return 'needs-name';
  const isNumeric = /^[\d.]+$|^\[/.test(location.hostname);
  return isNumeric || typeof PublicKeyCredential !== 'function' ? 'impossible' : 'possible';
}

/** The same page, under the name of this machine. */
export function addressWithName(): string {
  return `${location.protocol}//localhost${location.port === '' ? '' : `:${location.port}`}`;
}

/** Goes on under that name, signed in there too: cookies belong to names as passkeys do. */
export async function goOnWithName(): Promise<void> {
  const { url } = await ask('POST /sign-in-links', { json: {} });
  location.assign(`${addressWithName()}/sign-in${new URL(url).hash}`);
}

/** Asks the device who is there. Throws ApiError, or what the device says when somebody changed their mind. */
export async function signInByPasskey(): Promise<MeView> {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  const optionsJSON = await ask('POST /session/passkey/options');
  const response = await startAuthentication({ optionsJSON });
  return await ask('POST /session/passkey', { json: { response } });
}

/** Lets the device make a passkey. Throws as `signInByPasskey`. */
export async function addPasskey(name: string): Promise<void> {
  const { startRegistration } = await import('@simplewebauthn/browser');
  const optionsJSON = await ask('POST /me/passkeys/options');
  const response = await startRegistration({ optionsJSON });
  await callApi('POST /me/passkeys', { json: { name, response } });
}
