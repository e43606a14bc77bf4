import { request } from 'node:http';
import type { AcmeChallenge } from '../../../core/routing-document.ts';
import { CertificateRefused } from '../certificates.ts';
import type { AcmeProof, ShownChallenge } from './acme-proof.ts';
import type { NameLookup } from './name-lookup.ts';

export interface ChallengeBoardOptions {
  /** Tells the proxy what `challenges` says now; resolves when it answers them. */
  readonly publish: () => Promise<void>;
  readonly lookup: NameLookup;
  /** Where authorities ask: 80 (RFC 8555 section 8.3), another one in tests. */
  readonly port: number;
}

/** How long our own look at a name may take, in milliseconds. */
const lookMs = 5_000;
const maxAnswerLength = 2_000;

/**
 * HTTP-01 (RFC 8555 section 8.3): what the proxy answers below `/.well-known/acme-challenge/`. Before the authority is
 * asked to look, Lotse looks itself: a name that leads elsewhere would only use up the few failures it allows.
 */
export class ChallengeBoard implements AcmeProof {
  readonly type = 'http-01';
  readonly #options: ChallengeBoardOptions;
  readonly #shown = new Map<string, AcmeChallenge>();

  constructor(options: ChallengeBoardOptions) {
    this.#options = options;
  }

  /** What is to be answered now: a part of the routing document. */
  challenges(): readonly AcmeChallenge[] {
    return [...this.#shown.values()];
  }

  async present({ name, token, answer }: ShownChallenge, signal: AbortSignal): Promise<void> {
    this.#shown.set(token, { token, keyAuthorization: answer });
    await this.#options.publish();
    await this.#look(name, token, answer, signal);
  }

  async remove({ token }: ShownChallenge): Promise<void> {
    if (this.#shown.delete(token)) await this.#options.publish();
  }

  async #look(name: string, token: string, answer: string, signal: AbortSignal): Promise<void> {
    const { lookup, port } = this.#options;
    const addresses = await lookup.addresses(name);
    const url = `http://${name}${port === 80 ? '' : `:${port}`}/.well-known/acme-challenge/${token}`;
    if (addresses.length === 0) {
      throw refused(
        `${name} leads nowhere: the DNS has no address for it.`,
        `Give ${name} an A or AAAA record with the address of this server.`,
      );
    }
    for (const address of addresses) {
      const seen = await ask({ address, port, name, path: new URL(url).pathname, signal });
      // A server often cannot reach its own public address; then only the authority can tell.
      if (seen === null || seen.text.trim() === answer) continue;
      throw refused(
        `${name} leads to ${address}, and that is not this Lotse: ${url} was answered with ${seen.status} by somebody else.`,
        `Let ${name} and port ${port} lead to Lotse's front port, or remove the address from the DNS.`,
      );
    }
  }
}

function refused(message: string, hint: string): CertificateRefused {
  return new CertificateRefused('unreachable', message, { hint, isOwnFinding: true });
}

interface Look {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Null: nobody answered. */
async function ask({ address, port, name, path, signal }: Look) {
  const { promise, resolve } = Promise.withResolvers<{ readonly status: number; readonly text: string } | null>();
  const question = request(
    {
      ...{ host: address, port, path, agent: false, headers: { host: name, 'user-agent': 'lotse' } },
      signal: AbortSignal.any([signal, AbortSignal.timeout(lookMs)]),
    },
    (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (more: string) => {
        text += more;
        if (text.length > maxAnswerLength) reply.destroy();
      });
      reply.on('close', () => resolve({ status: reply.statusCode ?? 0, text }));
      reply.on('error', () => undefined);
    },
  );
  question.on('error', () => resolve(null));
  question.end();
  return await promise;
}
