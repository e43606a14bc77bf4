import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import * as shapes from '../../src/capabilities/releases/releases-api.ts';
import type {
  EnvironmentViewModel,
  PlanView,
  ReleaseView,
  RolloutView,
} from '../../src/capabilities/releases/releases-api.ts';
import { newToken, person } from '../../src/capabilities/accounts/accounts-api.ts';
import { problem } from '../../src/api/problem.ts';
import { shopManifest, shopTar, type Shop } from './shop-app.ts';
import { until } from './until.ts';

const base = '/api/v1';
const over: readonly RolloutView['status'][] = ['settled', 'returned', 'stranded'];

export type Refusal = z.infer<typeof problem>;

/** An answer with an error status: what the server said. */
export class Refused extends Error {
  readonly problem: Refusal;

  constructor(said: Refusal) {
    super(`${said.status} ${said.code}: ${said.detail}`);
    this.problem = said;
  }
}

export interface Where {
  readonly server: string;
  readonly token: string;
}

export interface SourceOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly app?: string;
}

/** Speaks with a control plane as the command line does. `where` is asked before each request: it may have moved. */
export class LotseClient {
  readonly #where: () => Where;
  readonly #app: string;

  constructor(where: () => Where, app = 'shop') {
    this.#where = where;
    this.#app = app;
  }

  /** The same control plane with another token. */
  as(token: string): LotseClient {
    return new LotseClient(() => ({ ...this.#where(), token }), this.#app);
  }

  /** Errors: `Refused`; what fetch throws when nobody answers. */
  async ask(at: string, body?: object | Buffer): Promise<unknown> {
    const [method = '', path = ''] = at.split(' ');
    const { server, token } = this.#where();
    const isTar = Buffer.isBuffer(body);
    const answer = await fetch(`${server}${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': isTar ? 'application/x-tar' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isTar ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json: unknown = text === '' ? null : JSON.parse(text);
    if (answer.ok) return json;
    const said = problem.safeParse(json);
    if (said.success) throw new Refused(said.data);
    throw new Error(`${at}: ${answer.status} without a problem: ${text}`);
  }

  /** What it refuses with. Fails when it does not refuse. */
  async refusal(at: string, body?: object | Buffer): Promise<Refusal> {
    const answer = await this.ask(at, body).catch((error: unknown) => error);
    if (answer instanceof Refused) return answer.problem;
    throw new Error(`${at} was not refused`, { cause: answer });
  }

  /** Builds a release of the shop. A fresh commit makes it a release of its own, also with a source that is known. */
  async release(shop: Shop, options: SourceOptions = {}): Promise<ReleaseView> {
    return await this.releaseOf(await shopTar(shopManifest(shop), options.files), options.app);
  }

  async releaseOf(tar: Buffer, app = this.#app): Promise<ReleaseView> {
    const build = await this.build(tar, app);
    if (build.release === null) throw new Error(`the build failed: ${JSON.stringify(build.error)}`);
    return build.release;
  }

  /** Resolves when the build is over, also when it has failed. */
  async build(tar: Buffer, app = this.#app) {
    const commit = randomBytes(20).toString('hex');
    const begun = shapes.build.parse(await this.ask(`POST /apps/${app}/releases?commit=${commit}`, tar));
    return await until(`${begun.id} is over`, async () => {
      const build = shapes.build.parse(await this.ask(`GET /apps/${app}/builds/${begun.id}`));
      return build.state !== 'building' && build;
    });
  }

  async releases(app = this.#app): Promise<readonly ReleaseView[]> {
    return z.array(shapes.release).parse(await this.ask(`GET /apps/${app}/releases`));
  }

  async plan(release: string, environment = 'production'): Promise<PlanView> {
    return shapes.plan.parse(await this.ask(`POST /apps/${this.#app}/environments/${environment}/plan`, { release }));
  }

  /** Starts a deploy; without a release, a promotion. */
  async start(release?: string, environment = 'production'): Promise<RolloutView> {
    return shapes.rollout.parse(await this.ask(...this.#rolloutRequest(environment, { release })));
  }

  async refusedStart(release?: string, environment = 'production'): Promise<Refusal> {
    return await this.refusal(...this.#rolloutRequest(environment, { release }));
  }

  async rollBack(environment = 'production', release?: string): Promise<RolloutView> {
    return shapes.rollout.parse(await this.ask(...this.#rolloutRequest(environment, { release, rollback: true })));
  }

  async rollout(id: string): Promise<RolloutView> {
    return shapes.rollout.parse(await this.ask(`GET /apps/${this.#app}/rollouts/${id}`));
  }

  async command(id: string, word: 'pause' | 'resume' | 'advance' | 'abort'): Promise<RolloutView> {
    return shapes.rollout.parse(await this.ask(`POST /apps/${this.#app}/rollouts/${id}/${word}`, {}));
  }

  /** Waits until the rollout is as wanted, and fails at once when it has ended otherwise. */
  async untilRollout(id: string, what: string, is: (rollout: RolloutView) => boolean): Promise<RolloutView> {
    const found = await until(`${id} ${what}`, async () => {
      const rollout = await this.rollout(id);
      return (is(rollout) || over.includes(rollout.status)) && rollout;
    });
    if (is(found)) return found;
    throw new Error(
      `${id} ended ${found.status}, not ${what}: ${JSON.stringify(found.cause)} ${found.notes.join('; ')}`,
    );
  }

  /** Follows the rollout to its end, whatever it is. */
  async ended(id: string): Promise<RolloutView> {
    return await this.untilRollout(id, 'is over', (rollout) => over.includes(rollout.status));
  }

  /** Deploys and waits for the end, which must be `settled`. */
  async deploy(release: string, environment = 'production'): Promise<RolloutView> {
    const { id } = await this.start(release, environment);
    return await this.untilRollout(id, 'settled', (rollout) => rollout.status === 'settled');
  }

  async environment(environment = 'production'): Promise<EnvironmentViewModel> {
    return shapes.environment.parse(await this.ask(`GET /apps/${this.#app}/environments/${environment}`));
  }

  /** A person with these roles, and a token that speaks for them. */
  async person(name: string, roles: readonly string[]): Promise<LotseClient> {
    const { id } = person.parse(await this.ask('POST /people', { name, roles }));
    const link = z.object({ url: z.string() }).parse(await this.ask('POST /sign-in-links', { person: id }));
    const { server } = this.#where();
    const signedIn = await fetch(`${server}${base}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link: link.url.split('#')[1] }),
    });
    const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const made = await fetch(`${server}${base}/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, origin: server },
      body: JSON.stringify({ name: 'test', roles, speaksFor: 'me' }),
    });
    return this.as(newToken.parse(await made.json()).secret);
  }

  #rolloutRequest(environment: string, body: object): [string, object] {
    return [`POST /apps/${this.#app}/environments/${environment}/rollouts`, body];
  }
}
