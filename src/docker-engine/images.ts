import type { Readable } from 'node:stream';
import type { CallLimits } from './containers.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { Filters, ImageDetails, ImageSummary, ProgressMessage, RegistryCredential } from './engine-shapes.ts';

/** By registry: `registry.example`, or `https://index.docker.io/v1/` for Docker Hub. */
export type RegistryCredentials = Readonly<Record<string, RegistryCredential>>;

/** Query of `POST /build`; see the API for each. */
export type BuildQuery = {
  readonly dockerfile?: string;
  readonly target?: string;
  readonly buildargs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly memory?: number;
  readonly memswap?: number;
  readonly networkmode?: string;
  readonly pull?: boolean;
  readonly nocache?: boolean;
  readonly forcerm?: boolean;
  /** `2`: BuildKit. */
  readonly version?: '1' | '2';
  readonly session?: string;
  readonly buildid?: string;
};

/** `/images` and `/build`. A name is a tag or an id. Errors besides those of the connection: `not-found`, `conflict`. */
export class Images {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async inspect(name: string, limits: CallLimits = {}): Promise<ImageDetails> {
    return await this.#engine.call({ method: 'GET', path: pathOf(name, '/json'), ...limits });
  }

  async list(filters: Filters = {}, limits: CallLimits = {}): Promise<readonly ImageSummary[]> {
    return await this.#engine.call({ method: 'GET', path: '/images/json', query: { filters }, ...limits });
  }

  async tag(name: string, repository: string, tag: string, limits: CallLimits = {}): Promise<void> {
    const query = { repo: repository, tag };
    await this.#engine.order({ method: 'POST', path: pathOf(name, '/tag'), query, ...limits });
  }

  /** A tag: only the tag, and the image with its last one. `conflict`: a container or another image needs it. */
  async remove(name: string, limits: CallLimits = {}): Promise<void> {
    await this.#engine.order({ method: 'DELETE', path: pathOf(name), ...limits });
  }

  /** From its registry, with progress; `image` with tag or digest. Done when the stream ends. */
  pull(image: string, credential: RegistryCredential | null, limits: CallLimits = {}): AsyncGenerator<ProgressMessage> {
    const headers = credential === null ? {} : { 'X-Registry-Auth': headerOf(plainCredential(credential)) };
    const call = { method: 'POST', path: '/images/create', query: { fromImage: image }, headers } as const;
    return this.#engine.messages({ ...call, asked: `the pull of ${image}`, timeoutMs: 120_000, ...limits });
  }

  /** Builds a tar; the id comes as `aux: { ID }`. The head of the answer comes only when all of the tar is there. */
  build(
    tar: Readable,
    query: BuildQuery,
    credentials: RegistryCredentials,
    limits: CallLimits = {},
  ): AsyncGenerator<ProgressMessage> {
    const headers = { 'X-Registry-Config': headerOf(plainCredentials(credentials)) };
    const call = { method: 'POST', path: '/build', query, upload: tar, headers, asked: 'the build' } as const;
    return this.#engine.messages({ ...call, timeoutMs: 600_000, ...limits });
  }

  /** A tar of images, for another engine. */
  async save(names: readonly string[], limits: CallLimits = {}): Promise<Readable> {
    const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&');
    return await this.#engine.stream({ method: 'GET', path: `/images/get?${query}`, ...limits });
  }

  /** Takes what `save` gave. Done when the stream ends. */
  load(tar: Readable, limits: CallLimits = {}): AsyncGenerator<ProgressMessage> {
    const call = { method: 'POST', path: '/images/load', upload: tar, asked: 'the loading of an image' } as const;
    return this.#engine.messages({ ...call, timeoutMs: 600_000, ...limits });
  }
}

function pathOf(name: string, what = ''): string {
  return `/images/${encodeURIComponent(name)}${what}`;
}

function plainCredentials(credentials: RegistryCredentials): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(credentials).map(([name, one]) => [name, plainCredential(one)]));
}

function plainCredential({ username, password }: RegistryCredential) {
  return { username, password: password.reveal() };
}

/** Base64 as of RFC 4648 section 5, with the padding: without it the engine silently reads nothing. */
function headerOf(value: unknown): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}
