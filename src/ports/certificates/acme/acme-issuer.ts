import { generateKeyPairSync } from 'node:crypto';
import type acmeClient from 'acme-client';
import type { Authorization, Client, Order } from 'acme-client';
import { Secret } from '../../../core/secret.ts';
import { CertificateRefused, type AccountBook, type CertificateIssuer } from '../certificates.ts';
import type { AcmeProof, ShownChallenge } from './acme-proof.ts';
import { withTransport } from './acme-transport.ts';

export interface AcmeIssuerOptions {
  /** URL of the authority's directory. */
  readonly directory: string;
  /** Who is told of trouble by the authority, and agrees to its terms. */
  readonly email: string;
  /** Roots (PEM) that the authority's own TLS may lead to, beside the system's. */
  readonly extraRoots: readonly string[];
  readonly accounts: AccountBook;
  readonly proof: AcmeProof;
}

/** How often and how long the authority is asked whether it is done: half a second at first, 40 times. */
const patience = { backoffAttempts: 40, backoffMin: 250, backoffMax: 5_000 } as const;

/** Certificates of a public authority by ACME (RFC 8555). Orders are independent: nothing of one outlives it. */
export function acmeIssuer(options: AcmeIssuerOptions): CertificateIssuer {
  return {
    kind: 'acme',
    async issue(names, signal) {
      // Loaded with the first order: it takes some 20 MB, and most control planes order twice a year.
      const { default: acme } = await import('acme-client');
      const aborted = Promise.withResolvers<never>();
      const onAbort = () => aborted.reject(new CertificateRefused('timeout', 'The order was broken off.'));
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        const transport = { extraRoots: options.extraRoots, signal };
        return await Promise.race([
          withTransport(acme, transport, () => order(acme, options, names, signal)),
          aborted.promise,
        ]);
      } catch (thrown) {
        throw refusal(thrown, names, options);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}

async function order(
  acme: typeof acmeClient,
  options: AcmeIssuerOptions,
  names: readonly string[],
  signal: AbortSignal,
) {
  const { client, placed } = await placeOrder(acme, options, names);
  for (const authorization of await client.getAuthorizations(placed)) {
    if (authorization.status !== 'valid') await prove(client, authorization, options.proof, signal);
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [, request] = await acme.crypto.createCsr({ altNames: [...names] }, keyPem);
  const finalized = await client.finalizeOrder(placed, request);
  return { chainPem: await client.getCertificate(finalized), keyPem: new Secret(keyPem) };
}

/** With the account of before; one that the authority has forgotten is made anew. */
async function placeOrder(
  acme: typeof acmeClient,
  options: AcmeIssuerOptions,
  names: readonly string[],
): Promise<{ readonly client: Client; readonly placed: Order }> {
  const identifiers = names.map((value) => ({ type: 'dns', value }));
  const known = await options.accounts.find(options.directory);
  if (known !== null && known.url !== null) {
    const client = clientFor(acme, options, known.keyPem, known.url);
    try {
      return { client, placed: await client.createOrder({ identifiers }) };
    } catch (thrown) {
      if (!isForgotten(thrown)) throw thrown;
    }
  }
  const keyPem = known?.keyPem ?? newAccountKey();
  // Kept before the authority hears of it: after a crash the same key finds the same account.
  await options.accounts.keep(options.directory, { keyPem, url: null });
  const client = clientFor(acme, options, keyPem, undefined);
  await client.createAccount({ termsOfServiceAgreed: true, contact: [`mailto:${options.email}`] });
  await options.accounts.keep(options.directory, { keyPem, url: client.getAccountUrl() });
  return { client, placed: await client.createOrder({ identifiers }) };
}

function clientFor(
  acme: typeof acmeClient,
  { directory }: AcmeIssuerOptions,
  keyPem: Secret,
  accountUrl: string | undefined,
): Client {
  const account = accountUrl === undefined ? {} : { accountUrl };
  return new acme.Client({ directoryUrl: directory, accountKey: keyPem.reveal(), ...account, ...patience });
}

function newAccountKey(): Secret {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** RFC 8555 section 6.7, accountDoesNotExist: acme-client hands on only its words. */
function isForgotten(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /account/i.test(thrown.message) &&
    /not (?:found|exist)|unable to find|no account/i.test(thrown.message)
  );
}

async function prove(client: Client, authorization: Authorization, proof: AcmeProof, signal: AbortSignal) {
  const name = authorization.identifier.value;
  const challenge = authorization.challenges.find((each) => each.type === proof.type);
  if (challenge === undefined) {
    throw new CertificateRefused('conflict', `The authority does not let ${name} be shown by ${proof.type}.`, {
      hint: 'A wildcard needs DNS records: see `tls.dns` in the reference of lotse.yaml.',
    });
  }
  const answer = await client.getChallengeKeyAuthorization(challenge);
  const shown: ShownChallenge = { name, token: challenge.token, answer };
  try {
    await proof.present(shown, signal);
    await client.completeChallenge(challenge);
    await client.waitForValidStatus(challenge);
  } catch (thrown) {
    if (thrown instanceof CertificateRefused) throw thrown;
    throw new CertificateRefused('conflict', `The authority could not see that ${name} is ours: ${wordsOf(thrown)}`, {
      hint: hintOf(proof.type, name),
      cause: thrown,
    });
  } finally {
    await proof.remove(shown).catch(() => undefined);
  }
}

function hintOf(type: AcmeProof['type'], name: string): string {
  return type === 'http-01'
    ? `Port 80 of ${name} has to lead to Lotse's front port, from everywhere. Look at its A and AAAA records, and at firewalls.`
    : `The TXT record _acme-challenge.${name} has to be seen at all DNS servers of its zone.`;
}

function refusal(thrown: unknown, names: readonly string[], { directory }: AcmeIssuerOptions): CertificateRefused {
  if (thrown instanceof CertificateRefused) return thrown;
  const { host } = new URL(directory);
  return new CertificateRefused(
    'conflict',
    `${host} refused a certificate for ${names.join(', ')}: ${wordsOf(thrown)}`,
    {
      hint: 'Is each of these a name on the internet that belongs to you?',
      cause: thrown,
    },
  );
}

function wordsOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 600);
}
