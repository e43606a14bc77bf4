import { z } from 'zod';
import { LotseError } from '../../../core/errors.ts';
import type { Scope, UnixMs } from '../../../core/ids.ts';
import { Secret } from '../../../core/secret.ts';
import { refusedBy, strangeAnswer, type AskStore, type StoreAnswer, type StoreQuestion } from '../ask-store.ts';
import { askWithToken } from '../ask-with-token.ts';
import type { AzureSource } from '../secret-source.ts';
import type { HeldSecret, KnownSecret, SecretPlace, SecretStore, SecretStoreTraits } from '../secrets.ts';
import { nameInTag, ownerTag } from '../owner-tag.ts';
import { ShortLivedToken } from '../short-lived-token.ts';
import { fetchAzureToken } from './azure-login.ts';

const apiVersion = '7.4';
/** Of https://learn.microsoft.com/rest/api/keyvault/secrets: `id` is …/secrets/NAME/VERSION, times are Unix seconds. */
const bundle = z.object({
  value: z.string().optional(),
  id: z.string(),
  attributes: z.object({ enabled: z.boolean(), created: z.number() }),
  tags: z.record(z.string(), z.string()).default({}),
});
const page = z.object({ value: z.array(bundle), nextLink: z.string().nullish() });
const errorAnswer = z.object({
  error: z.object({ code: z.string(), innererror: z.object({ code: z.string() }).nullish() }),
});

/** Says whose value it is: names there have no underscores, and are the same in upper and lower case. */
const tag = 'lotse';
const accessHint =
  'The identity needs the role Key Vault Secrets Officer on the vault (or an access policy with get, list and set).';

type Bundle = z.infer<typeof bundle>;

/**
 * A secret is `APP--ENVIRONMENT--NAME` there, `_` written as `-`, with a tag that says exactly whose it is. What Lotse
 * revokes or removes is disabled, which its owner can undo; nothing is deleted.
 */
export class AzureStore implements SecretStore {
  readonly traits: SecretStoreTraits;
  readonly #origin: string;
  readonly #tell: ReturnType<typeof vaultCaller>;

  constructor(source: AzureSource, ask: AskStore, now: () => UnixMs) {
    const title = `Azure Key Vault ${new URL(source.origin).host}`;
    const token = new ShortLivedToken(() => fetchAzureToken(source, ask), now);
    this.traits = { title, isReadOnly: false, keepsBooks: false };
    this.#origin = source.origin;
    this.#tell = vaultCaller({ ask, token, title });
  }

  async read(place: SecretPlace, version?: string): Promise<HeldSecret | null> {
    const found = await this.#held(place, version);
    return found?.value === undefined ? null : { version: versionIn(found.id), value: new Secret(found.value) };
  }

  async list(scope: Scope): Promise<readonly KnownSecret[]> {
    const all = await this.#pages(this.#url('?maxresults=25'));
    const names = all.flatMap(({ tags }) => nameInTag(tags[tag] ?? '', scope) ?? []);
    const known = await Promise.all(names.map(async (name) => knownOf(name, await this.#held({ ...scope, name }))));
    return known.flatMap((each) => each ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async write(place: SecretPlace, value: Secret): Promise<KnownSecret> {
    await this.#held(place);
    const body = JSON.stringify({ value: value.reveal(), tags: { [tag]: ownerTag(place) } });
    const url = this.#url(`/${nameOf(place)}`);
    const answer = await this.#tell({ method: 'PUT', url, body, mayRepeat: false }, 'a new value');
    if (answer.status === 409) throw deletedThere(this.traits.title, place);
    const { id, attributes } = this.#parse(bundle, answer);
    return { name: place.name, version: versionIn(id), setAt: attributes.created * 1000 };
  }

  async revoke(place: SecretPlace, version: string): Promise<void> {
    const present = await this.#held(place);
    if (present !== null && versionIn(present.id) === version) {
      throw new LotseError('conflict', `version ${version} of ${place.name} is the one in force`);
    }
    if ((await this.#enabledVersions(place)).includes(version)) await this.#disable(place, version);
  }

  async remove(place: SecretPlace): Promise<void> {
    const versions = (await this.#held(place)) === null ? [] : await this.#enabledVersions(place);
    if (versions.length === 0) throw new LotseError('not-found', `${place.environment} has no secret ${place.name}`);
    for (const version of versions) await this.#disable(place, version);
  }

  /** Null: there is none, or it is disabled. Errors: `bad-input` when somebody else's has that name. */
  async #held(place: SecretPlace, version = ''): Promise<Bundle | null> {
    const url = this.#url(`/${nameOf(place)}/${encodeURIComponent(version)}`);
    const answer = await this.#tell({ method: 'GET', url, mayRepeat: true }, `the question for ${nameOf(place)}`);
    if (answer.status === 404 || answer.status === 403) return null;
    const found = this.#parse(bundle, answer);
    if (found.tags[tag] !== ownerTag(place)) throw otherOwner(this.traits.title, place);
    return found.attributes.enabled ? found : null;
  }

  async #enabledVersions(place: SecretPlace): Promise<readonly string[]> {
    const found = await this.#pages(this.#url(`/${nameOf(place)}/versions`));
    return found.filter(({ attributes }) => attributes.enabled).map(({ id }) => versionIn(id));
  }

  async #disable(place: SecretPlace, version: string): Promise<void> {
    const body = JSON.stringify({ attributes: { enabled: false } });
    const url = this.#url(`/${nameOf(place)}/${encodeURIComponent(version)}`);
    await this.#tell({ method: 'PATCH', url, body, mayRepeat: true }, 'the end of a version');
  }

  async #pages(first: string): Promise<readonly Bundle[]> {
    const found: Bundle[] = [];
    for (let url: string | null = first; url !== null;) {
      const answer: StoreAnswer = await this.#tell({ method: 'GET', url, mayRepeat: true }, 'a list');
      if (answer.status === 404) return found;
      const { value, nextLink } = this.#parse(page, answer);
      found.push(...value);
      url = nextLink ?? null;
    }
    return found;
  }

  #url(path: string): string {
    return `${this.#origin}/secrets${path}${path.includes('?') ? '&' : '?'}api-version=${apiVersion}`;
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

/** Asks with a token, once more with a new one when that was refused. Answers 2xx, 404, 409 and 403 of a disabled secret. */
function vaultCaller({ ask, token, title }: CallerParts) {
  const told = askWithToken(ask, token);
  return async (question: StoreQuestion, doing: string): Promise<StoreAnswer> => {
    const answer = await told(question);
    if (answer.status < 300 || answer.status === 404 || answer.status === 409) return answer;
    if (answer.status === 403 && codesOf(answer).includes('SecretDisabled')) return answer;
    if (answer.status === 401) throw refusedBy(title, 'it does not take the token', accessHint);
    if (answer.status === 403) throw refusedBy(title, codesOf(answer).join(', '), accessHint);
    throw strangeAnswer(title, answer, doing);
  };
}

function codesOf({ body }: StoreAnswer): readonly string[] {
  const parsed = errorAnswer.safeParse(body);
  if (!parsed.success) return ['no reason given'];
  const { code, innererror } = parsed.data.error;
  return innererror?.code === undefined ? [code] : [code, innererror.code];
}

function knownOf(name: string, found: Bundle | null): KnownSecret | null {
  return found === null ? null : { name, version: versionIn(found.id), setAt: found.attributes.created * 1000 };
}

function nameOf({ app, environment, name }: SecretPlace): string {
  return [app, environment, name.replaceAll('_', '-')].join('--');
}

function versionIn(id: string): string {
  return id.split('/').at(-1) ?? '';
}

function otherOwner(title: string, place: SecretPlace): LotseError {
  return new LotseError('bad-input', `${title} has ${nameOf(place)}, which is not ${ownerTag(place)} of Lotse`, {
    hint: `If it is meant to be, give it the tag ${tag}=${ownerTag(place)}. Names there know no underscores and no upper case.`,
  });
}

function deletedThere(title: string, place: SecretPlace): LotseError {
  return new LotseError('conflict', `${title}: ${nameOf(place)} was deleted there and is still kept`, {
    hint: `Bring it back (\`az keyvault secret recover --name ${nameOf(place)}\`) or purge it, then set it again.`,
  });
}
