import { z } from 'zod';
import { refusedBy, strangeAnswer, type AskStore, type StoreAnswer, type StoreQuestion } from '../ask-store.ts';
import type { AzureSource } from '../secret-source.ts';
import type { IssuedToken } from '../short-lived-token.ts';

/** Entra answers with numbers, a machine's metadata service with texts. */
const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.coerce.number() });
const errorAnswer = z.object({ error: z.string(), error_description: z.string().default('') });

const title = 'Microsoft Entra';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * A token for Key Vault: by client credentials
 * (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow), or of the machine's managed
 * identity (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token).
 * Errors: `forbidden`, `unreachable`, `timeout`.
 */
export async function fetchAzureToken({ origin, login }: AzureSource, ask: AskStore): Promise<IssuedToken> {
  const answer = await ask(questionOf(resourceOf(origin), login));
  const parsed = tokenAnswer.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) {
    return { token: parsed.data.access_token, holdsMs: parsed.data.expires_in * 1000 };
  }
  if (answer.status < 400 || answer.status >= 500) throw strangeAnswer(title, answer, 'the request for a token');
  throw refusedBy(title, reasonOf(answer), hintOf(login));
}

function questionOf(resource: string, login: AzureSource['login']): StoreQuestion {
  if (login.kind === 'managed') {
    const query = new URLSearchParams({ 'api-version': '2018-02-01', resource });
    if (login.client !== null) query.set('client_id', login.client);
    const url = `${login.origin}/metadata/identity/oauth2/token?${query}`;
    return { method: 'GET', url, headers: { metadata: 'true' }, mayRepeat: true };
  }
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: login.client,
    client_secret: login.password(),
    scope: `${resource}/.default`,
  });
  const url = `${login.authority}/${login.tenant}/oauth2/v2.0/token`;
  return { method: 'POST', url, headers: form, body: body.toString(), mayRepeat: true };
}

/** `https://vault.azure.net`, and what stands for it in the other clouds. */
function resourceOf(origin: string): string {
  const [, domain] = /\.(vault\.(?:azure\.cn|usgovcloudapi\.net|azure\.net))$/.exec(new URL(origin).hostname) ?? [];
  return `https://${domain ?? 'vault.azure.net'}`;
}

/** Its first sentence: the others are numbers for its support. */
function reasonOf({ status, body }: StoreAnswer): string {
  const parsed = errorAnswer.safeParse(body);
  if (!parsed.success) return `status ${status}`;
  const [sentence = ''] = parsed.data.error_description.split(/(?:\.\s|\r?\n)/);
  return sentence.slice(0, 200) || parsed.data.error;
}

function hintOf(login: AzureSource['login']): string {
  return login.kind === 'managed'
    ? 'Does this machine have a managed identity? AZURE_CLIENT_ID says which of several.'
    : 'Look at AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of the control plane: secrets of applications end.';
}
