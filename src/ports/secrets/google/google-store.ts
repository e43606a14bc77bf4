import { z } from 'zod';
import { LotseError } from '../../../core/errors.ts';
import type { Scope, UnixMs } from '../../../core/ids.ts';
import { Secret } from '../../../core/secret.ts';
import { refusedBy, strangeAnswer, type AskStore, type StoreAnswer, type StoreQuestion } from '../ask-store.ts';
import { askWithToken } from '../ask-with-token.ts';
import type { GoogleSource } from '../secret-source.ts';
import type { HeldSecret, KnownSecret, SecretPlace, SecretStore, SecretStoreTraits } from '../secrets.ts';
import { nameInTag, ownerTag } from '../owner-tag.ts';
import { ShortLivedToken } from '../short-lived-token.ts';
import { fetchGoogleToken } from './google-login.ts';

/** `name` is projects/NUMBER/secrets/ID/versions/N. */
const version = z.object({
  name: z.string(),
  createTime: z.string(),
  state: z.enum(['STATE_UNSPECIFIED', 'ENABLED', 'DISABLED', 'DESTROYED']),
});
const accessed = z.object({ name: z.string(), payload: z.object({ data: z.string().default('') }) });
const secrets = z.object({
  secrets: z.array(z.object({ annotations: z.record(z.string(), z.string()).default({}) })).default([]),
  nextPageToken: z.string().default(''),
});
const versions = z.object({ versions: z.array(version).default([]), nextPageToken: z.string().default('') });
const errorAnswer = z.object({ error: z.object({ status: z.string() }) });

/** Says whose secret it is, for whoever lists them. */
const annotation = 'lotse';
const accessHint =
  'The account needs roles/secretmanager.admin on the project, or, where Lotse only reads, secretAccessor and viewer.';

type Version = z.infer<typeof version>;

/**
 * REST of https://cloud.google.com/secret-manager/docs/reference/rest. A secret is `APP--ENVIRONMENT--NAME` there. What
 * Lotse revokes or removes is disabled, which its owner can undo; nothing is destroyed.
 */
export class GoogleStore implements SecretStore {
  readonly traits: SecretStoreTraits;
  readonly #source: GoogleSource;
  readonly #tell: ReturnType<typeof managerCaller>;

  constructor(source: GoogleSource, ask: AskStore, now: () => UnixMs) {
    const title = `Google Secret Manager of ${source.parent}`;
    const token = new ShortLivedToken(() => fetchGoogleToken(source.login, ask, now()), now);
    this.traits = { title, isReadOnly: false, keepsBooks: false };
    this.#source = source;
    this.#tell = managerCaller({ ask, token, title });
  }

  async read(place: SecretPlace, wanted = 'latest'): Promise<HeldSecret | null> {
    const answer = await this.#get(`${this.#of(place)}/versions/${encodeURIComponent(wanted)}:access`);
    // 400 FAILED_PRECONDITION: that version is disabled.
    if (answer.status === 404 || answer.status === 400) return null;
    const { name, payload } = this.#parse(accessed, answer);
    return { version: numberIn(name), value: new Secret(Buffer.from(payload.data, 'base64').toString('utf8')) };
  }

  async list(scope: Scope): Promise<readonly KnownSecret[]> {
    const get = async (url: string) => await this.#get(url);
    const found = await allPages(this.#root, get, (answer) => {
      const { secrets: items, nextPageToken } = this.#parse(secrets, answer);
      return { items, nextPageToken };
    });
    const names = found.flatMap(({ annotations }) => nameInTag(annotations[annotation] ?? '', scope) ?? []);
    const known = await Promise.all(names.map(async (name) => knownOf(name, await this.#latest({ ...scope, name }))));
    return known.flatMap((each) => each ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async write(place: SecretPlace, value: Secret): Promise<KnownSecret> {
    const about = { annotations: { [annotation]: ownerTag(place) } };
    // A secret of a regional endpoint is replicated nowhere.
    const isRegional = this.#source.parent.includes('/locations/');
    const made = JSON.stringify(isRegional ? about : { ...about, replication: { automatic: {} } });
    await this.#tell({ method: 'POST', url: `${this.#root}?secretId=${idOf(place)}`, body: made, mayRepeat: true });
    const body = JSON.stringify({ payload: { data: Buffer.from(value.reveal(), 'utf8').toString('base64') } });
    const answer = await this.#tell({ method: 'POST', url: `${this.#of(place)}:addVersion`, body, mayRepeat: false });
    const { name, createTime } = this.#parse(version, answer);
    return { name: place.name, version: numberIn(name), setAt: Date.parse(createTime) };
  }

  async revoke(place: SecretPlace, number: string): Promise<void> {
    const present = await this.#latest(place);
    if (present === null) return;
    if (numberIn(present.name) === number) {
      throw new LotseError('conflict', `version ${number} of ${place.name} is the one in force`);
    }
    if ((await this.#enabledVersions(place)).includes(number)) await this.#disable(place, number);
  }

  async remove(place: SecretPlace): Promise<void> {
    const left = (await this.#latest(place)) === null ? [] : await this.#enabledVersions(place);
    if (left.length === 0) throw new LotseError('not-found', `${place.environment} has no secret ${place.name}`);
    for (const number of left) await this.#disable(place, number);
  }

  async #latest(place: SecretPlace): Promise<Version | null> {
    const answer = await this.#get(`${this.#of(place)}/versions/latest`);
    return answer.status === 404 ? null : this.#parse(version, answer);
  }

  async #enabledVersions(place: SecretPlace): Promise<readonly string[]> {
    const get = async (url: string) => await this.#get(url);
    const found = await allPages(`${this.#of(place)}/versions`, get, (answer) => {
      const { versions: items, nextPageToken } = this.#parse(versions, answer);
      return { items, nextPageToken };
    });
    return found.filter(({ state }) => state === 'ENABLED').map(({ name }) => numberIn(name));
  }

  async #disable(place: SecretPlace, number: string): Promise<void> {
    const url = `${this.#of(place)}/versions/${encodeURIComponent(number)}:disable`;
    await this.#tell({ method: 'POST', url, body: '{}', mayRepeat: true });
  }

  get #root(): string {
    return `${this.#source.origin}/v1/${this.#source.parent}/secrets`;
  }

  #of(place: SecretPlace): string {
    return `${this.#root}/${idOf(place)}`;
  }

  async #get(url: string): Promise<StoreAnswer> {
    return await this.#tell({ method: 'GET', url, mayRepeat: true });
  }

  #parse<Shape extends z.ZodType>(shape: Shape, answer: StoreAnswer): z.output<Shape> {
    const parsed = shape.safeParse(answer.body);
    if (!parsed.success) throw strangeAnswer(this.traits.title, answer, 'a question');
    return parsed.data;
  }
}

interface CallerParts {
  readonly ask: AskStore;
  readonly token: ShortLivedToken;
  readonly title: string;
}

/** Asks with a token, once more with a new one when that was refused. Answers 2xx, 404, 409 (is there), and 400 of what is disabled. */
function managerCaller({ ask, token, title }: CallerParts) {
  const told = askWithToken(ask, token);
  return async (question: StoreQuestion): Promise<StoreAnswer> => {
    const answer = await told(question);
    if (answer.status < 300 || answer.status === 404 || answer.status === 409) return answer;
    if (answer.status === 400 && statusOf(answer) === 'FAILED_PRECONDITION') return answer;
    if (answer.status === 401) throw refusedBy(title, 'it does not take the token', accessHint);
    if (answer.status === 403) throw refusedBy(title, statusOf(answer), accessHint);
    throw strangeAnswer(title, answer, 'a question');
  };
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

async function allPages<Item>(
  url: string,
  get: (url: string) => Promise<StoreAnswer>,
  readPage: (answer: StoreAnswer) => Page<Item>,
): Promise<readonly Item[]> {
  const found: Item[] = [];
  for (let next: string | null = ''; next !== null;) {
    const query = next === '' ? 'pageSize=100' : `pageSize=100&pageToken=${encodeURIComponent(next)}`;
    const answer = await get(`${url}?${query}`);
    if (answer.status === 404) return found;
    const { items, nextPageToken } = readPage(answer);
    found.push(...items);
    next = nextPageToken === '' ? null : nextPageToken;
  }
  return found;
}

function statusOf({ body, status }: StoreAnswer): string {
  const parsed = errorAnswer.safeParse(body);
  return parsed.success ? parsed.data.error.status : `status ${status}`;
}

function knownOf(name: string, found: Version | null): KnownSecret | null {
  if (found === null || found.state !== 'ENABLED') return null;
  return { name, version: numberIn(found.name), setAt: Date.parse(found.createTime) };
}

function idOf({ app, environment, name }: SecretPlace): string {
  return [app, environment, name].join('--');
}

function numberIn(name: string): string {
  return name.split('/').at(-1) ?? '';
}
