import { z } from 'zod';
import type { UnixMs } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import { refusedBy, strangeAnswer, type AskStore, type StoreAnswer, type StoreQuestion } from '../ask-store.ts';
import type { HashicorpSource } from '../secret-source.ts';
import { ShortLivedToken, type IssuedToken } from '../short-lived-token.ts';

const loginAnswer = z.object({
  auth: z.object({ client_token: z.string(), lease_duration: z.number() }),
});
const lookupAnswer = z.object({ data: z.object({ ttl: z.number(), renewable: z.boolean().default(false) }) });
const renewAnswer = z.object({ auth: z.object({ lease_duration: z.number() }) });
const errorAnswer = z.object({ errors: z.array(z.string()) });

const deniedHint =
  'Its token needs a policy that allows create, read, update and delete on data/ and delete/, and list, read on metadata/.';

/**
 * Being let in at a Vault: a token that is given (and renewed in time when it can be), or one by AppRole, fetched anew
 * when it ends. https://developer.hashicorp.com/vault/api-docs/auth/approle, …/auth/token.
 */
export class HashicorpSession {
  readonly title: string;
  readonly #source: HashicorpSource;
  readonly #ask: AskStore;
  readonly #token: ShortLivedToken;

  constructor(source: HashicorpSource, ask: AskStore, now: () => UnixMs) {
    this.title = `HashiCorp Vault at ${new URL(source.origin).host}`;
    this.#source = source;
    this.#ask = ask;
    this.#token = new ShortLivedToken(() => this.#fetchToken(), now);
  }

  /** `path` as after `/v1/`. Errors: `sealed`, `forbidden`, `unreachable`, `timeout`; 404 is an answer. */
  async ask(question: Omit<StoreQuestion, 'url' | 'headers'> & { readonly path: string }): Promise<StoreAnswer> {
    const token = await this.#token.get();
    const answer = await this.#send(question, token);
    if (answer.status !== 403) return this.#checked(answer);
    // It may have ended, or somebody has put a new one into its file.
    this.#token.forget(token);
    const next = await this.#token.get();
    if (next === token) throw this.#denied(answer);
    return this.#checked(await this.#send(question, next));
  }

  async #send({ path, ...question }: { path: string } & Omit<StoreQuestion, 'url'>, token: string | null) {
    const { origin, namespace } = this.#source;
    const headers = {
      'x-vault-request': 'true',
      ...(token === null ? {} : { 'x-vault-token': token }),
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
      ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    return await this.#ask({ ...question, url: `${origin}/v1/${path}`, headers });
  }

  /** https://developer.hashicorp.com/vault/api-docs#http-status-codes: 503 is sealed, or in maintenance. */
  #checked(answer: StoreAnswer): StoreAnswer {
    if (answer.status === 403) throw this.#denied(answer);
    if (answer.status !== 503) return answer;
    throw new LotseError('sealed', `${this.title} is sealed: ${errorsOf(answer)}`, {
      hint: 'Unseal it (`vault operator unseal`). What runs goes on meanwhile.',
      retriable: true,
    });
  }

  #denied(answer: StoreAnswer): LotseError {
    return refusedBy(this.title, `its token has ended or may not do that (${errorsOf(answer)})`, deniedHint);
  }

  async #fetchToken(): Promise<IssuedToken> {
    const { login } = this.#source;
    return login.kind === 'token' ? await this.#renewed(login.token()) : await this.#byAppRole(login);
  }

  /** How long the given one still holds; renewed first when that is possible. */
  async #renewed(token: string): Promise<IssuedToken> {
    const found = await this.#send({ method: 'GET', path: 'auth/token/lookup-self', mayRepeat: true }, token);
    if (found.status === 403) {
      throw refusedBy(this.title, 'the token that it was given has ended or is none of its own', tokenHint);
    }
    const { ttl, renewable } = this.#parse(lookupAnswer, found, 'the question how long its token holds').data;
    if (ttl === 0) return { token, holdsMs: null };
    if (!renewable) return { token, holdsMs: ttl * 1000 };
    const renewed = await this.#send(
      { method: 'POST', path: 'auth/token/renew-self', body: '{}', mayRepeat: true },
      token,
    );
    const answer = renewAnswer.safeParse(renewed.body);
    const holdsS = answer.success ? answer.data.auth.lease_duration : ttl;
    return { token, holdsMs: holdsS * 1000 };
  }

  async #byAppRole({ mount, roleId, secretId }: Extract<HashicorpSource['login'], { kind: 'app-role' }>) {
    const body = JSON.stringify({ role_id: roleId(), secret_id: secretId() });
    const answer = await this.#send({ method: 'POST', path: `auth/${mount}/login`, body, mayRepeat: true }, null);
    if (answer.status === 400 || answer.status === 403) {
      throw refusedBy(this.title, 'it knows no such role, or its secret id has ended', roleHint);
    }
    const { auth } = this.#parse(loginAnswer, answer, 'the login by AppRole');
    return { token: auth.client_token, holdsMs: auth.lease_duration === 0 ? null : auth.lease_duration * 1000 };
  }

  #parse<Shape extends z.ZodType>(shape: Shape, answer: StoreAnswer, doing: string): z.output<Shape> {
    const parsed = shape.safeParse(this.#checked(answer).body);
    if (!parsed.success) throw strangeAnswer(this.title, answer, doing);
    return parsed.data;
  }
}

const tokenHint =
  'Give the control plane another one by VAULT_TOKEN, or name a file that is kept up to date by VAULT_TOKEN_FILE.';
const roleHint =
  'Look at VAULT_ROLE_ID and VAULT_SECRET_ID of the control plane (or the files that VAULT_…_FILE name).';

function errorsOf({ status, body }: StoreAnswer): string {
  const parsed = errorAnswer.safeParse(body);
  const text = parsed.success ? parsed.data.errors.join(', ') : '';
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200) || `status ${status}`;
}
