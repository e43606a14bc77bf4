import { z } from 'zod';
import { LotseError } from '../../../core/errors.ts';
import type { Scope, UnixMs } from '../../../core/ids.ts';
import { Secret } from '../../../core/secret.ts';
import { strangeAnswer, type AskStore, type StoreAnswer, type StoreQuestion } from '../ask-store.ts';
import type { HashicorpSource } from '../secret-source.ts';
import type { HeldSecret, KnownSecret, SecretPlace, SecretStore, SecretStoreTraits } from '../secrets.ts';
import { HashicorpSession } from './hashicorp-session.ts';

const readAnswer = z.object({
  data: z.object({ data: z.record(z.string(), z.unknown()), metadata: z.object({ version: z.number() }) }),
});
const writeAnswer = z.object({ data: z.object({ version: z.number(), created_time: z.string() }) });
const listAnswer = z.object({ data: z.object({ keys: z.array(z.string()) }) });
const metadataAnswer = z.object({
  data: z.object({
    current_version: z.number(),
    versions: z.record(
      z.string(),
      z.object({ created_time: z.string(), deletion_time: z.string(), destroyed: z.boolean() }),
    ),
  }),
});
type Metadata = z.infer<typeof metadataAnswer>['data'];

/** The field of a KV secret that holds the value. */
const field = 'value';

type Question = Omit<StoreQuestion, 'url' | 'headers'> & { readonly path: string };

/**
 * KV version 2 (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2): the value of a secret is the field
 * `value` of `<mount>/<folder>/<app>/<environment>/<NAME>`. What Lotse revokes or removes is deleted there, which its
 * owner can undo; nothing is destroyed.
 */
export class HashicorpStore implements SecretStore {
  readonly traits: SecretStoreTraits;
  readonly #source: HashicorpSource;
  readonly #session: HashicorpSession;
  readonly #now: () => UnixMs;

  constructor(source: HashicorpSource, ask: AskStore, now: () => UnixMs) {
    this.#source = source;
    this.#session = new HashicorpSession(source, ask, now);
    this.#now = now;
    this.traits = { title: this.#session.title, isReadOnly: false, keepsBooks: false };
  }

  async read(place: SecretPlace, version?: string): Promise<HeldSecret | null> {
    const path = this.#path('data', place, place.name);
    const query = version === undefined ? '' : `?version=${encodeURIComponent(version)}`;
    const answer = await this.#ask({ method: 'GET', path: `${path}${query}`, mayRepeat: true });
    if (answer.status === 404) return null;
    const { data, metadata } = this.#parse(readAnswer, answer, path).data;
    const value = data[field];
    if (typeof value !== 'string' || value === '') throw noValue(this.traits.title, path);
    return { version: String(metadata.version), value: new Secret(value) };
  }

  async list(scope: Scope): Promise<readonly KnownSecret[]> {
    const path = this.#path('metadata', scope, '');
    const answer = await this.#ask({ method: 'GET', path: `${path}?list=true`, mayRepeat: true });
    if (answer.status === 404) return [];
    const names = this.#parse(listAnswer, answer, path).data.keys.filter((name) => !name.endsWith('/'));
    const known = await Promise.all(
      names.map(async (name) => knownOf(name, await this.#metadata({ ...scope, name }), this.#now())),
    );
    return known.flatMap((each) => each ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async write(place: SecretPlace, value: Secret): Promise<KnownSecret> {
    const path = this.#path('data', place, place.name);
    const body = JSON.stringify({ data: { [field]: value.reveal() } });
    const answer = await this.#ask({ method: 'POST', path, body, mayRepeat: false });
    if (answer.status === 404) throw noEngine(this.traits.title, this.#source.mount);
    const { version, created_time: setAt } = this.#parse(writeAnswer, answer, path).data;
    return { name: place.name, version: String(version), setAt: Date.parse(setAt) };
  }

  async revoke(place: SecretPlace, version: string): Promise<void> {
    const found = await this.#metadata(place);
    if (found === null) return;
    if (String(found.current_version) === version) throw stillInForce(place, version);
    await this.#disable(place, [Number(version)]);
  }

  async remove(place: SecretPlace): Promise<void> {
    const found = await this.#metadata(place);
    const left = found === null ? [] : livingVersions(found, this.#now());
    if (left.length === 0) throw new LotseError('not-found', `${place.environment} has no secret ${place.name}`);
    await this.#disable(place, left);
  }

  async #metadata(place: SecretPlace): Promise<Metadata | null> {
    const path = this.#path('metadata', place, place.name);
    const answer = await this.#ask({ method: 'GET', path, mayRepeat: true });
    return answer.status === 404 ? null : this.#parse(metadataAnswer, answer, path).data;
  }

  async #disable(place: SecretPlace, versions: readonly number[]): Promise<void> {
    const path = this.#path('delete', place, place.name);
    await this.#ask({ method: 'POST', path, body: JSON.stringify({ versions }), mayRepeat: true });
  }

  #path(kind: 'data' | 'metadata' | 'delete', { app, environment }: Scope, name: string): string {
    return `${this.#source.mount}/${kind}/${this.#source.folder}${app}/${environment}/${name}`;
  }

  async #ask(question: Question): Promise<StoreAnswer> {
    const answer = await this.#session.ask(question);
    if (answer.status < 300 || answer.status === 404) return answer;
    throw strangeAnswer(this.traits.title, answer, `a question for ${question.path}`);
  }

  #parse<Shape extends z.ZodType>(shape: Shape, answer: StoreAnswer, path: string): z.output<Shape> {
    const parsed = shape.safeParse(answer.body);
    if (parsed.success) return parsed.data;
    throw strangeAnswer(this.traits.title, answer, `a question for ${path}`);
  }
}

/** Null: the latest version was deleted. */
function knownOf(name: string, found: Metadata | null, nowMs: UnixMs): KnownSecret | null {
  const version = String(found?.current_version ?? '');
  const latest = found?.versions[version];
  if (latest === undefined || isGone(latest, nowMs)) return null;
  return { name, version, setAt: Date.parse(latest.created_time) };
}

function livingVersions({ versions }: Metadata, nowMs: UnixMs): readonly number[] {
  return Object.entries(versions).flatMap(([version, about]) => (isGone(about, nowMs) ? [] : [Number(version)]));
}

/** A version may also have its end set beforehand. */
function isGone({ deletion_time: endsAt, destroyed }: Metadata['versions'][string], nowMs: UnixMs): boolean {
  return destroyed || (endsAt !== '' && Date.parse(endsAt) <= nowMs);
}

function noValue(title: string, path: string): LotseError {
  return new LotseError('bad-input', `${title} has no field "${field}" with a text at ${path}`, {
    hint: `A secret of Lotse is one field there: \`vault kv put … ${field}=…\`, or \`lotse secret set\`.`,
  });
}

function noEngine(title: string, mount: string): LotseError {
  return new LotseError('bad-input', `${title} has no secrets engine KV version 2 at ${mount}/`, {
    hint: `\`vault secrets enable -path=${mount} -version=2 kv\`, or name another one in --secrets.`,
  });
}

function stillInForce({ environment, name }: SecretPlace, version: string): LotseError {
  return new LotseError('conflict', `version ${version} of ${name} is the one in force in ${environment}`);
}
