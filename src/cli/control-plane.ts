import { z } from 'zod';
import * as accounts from '../capabilities/accounts/accounts-api.ts';
import * as oidc from '../capabilities/accounts/oidc-api.ts';
import * as certificates from '../capabilities/certificates/certificates-api.ts';
import * as config from '../capabilities/config/config-api.ts';
import * as releases from '../capabilities/releases/releases-api.ts';
import * as notifications from '../capabilities/notifications/notifications-api.ts';
import * as schedules from '../capabilities/schedules/schedules-api.ts';
import * as secrets from '../capabilities/secrets/secrets-api.ts';
import * as upgrades from '../capabilities/upgrades/upgrades-api.ts';
import type { Client } from './client.ts';
import type { ServerEvent } from './event-stream.ts';

const { releaseRoutes: routes } = releases;
const { accountRoutes } = accounts;
const { oidcRoutes } = oidc;
const { certificateRoutes } = certificates;
const { secretRoutes } = secrets;
const { configRoutes } = config;
const { notificationRoutes } = notifications;

/** Answers whose content is asked for again anyway. */
const anything = z.unknown();

/** What happened where: sent with each `change` of `GET /events`. */
export const change = z.object({
  position: z.number(),
  app: z.string().nullish(),
  environment: z.string().nullish(),
  type: z.string(),
});
export type Change = z.infer<typeof change>;

export type RolloutRequest = z.input<typeof releases.rolloutRequest>;
export type AdoptRequest = z.input<typeof releases.adoptRequest>;
export type RolloutCommand = 'abort' | 'pause' | 'resume' | 'advance';
export type LogQuery = Partial<z.output<typeof releases.logQuery>>;

export interface ReleaseUpload {
  readonly content: Blob;
  readonly commit: string;
  readonly dirty: boolean;
  readonly branch: string | null;
  readonly subject: string | null;
}

/** The routes of one app, as calls. */
export class ControlPlane {
  readonly client: Client;
  readonly app: string;

  constructor(client: Client, app: string) {
    this.client = client;
    this.app = app;
  }

  environments(): Promise<readonly releases.EnvironmentViewModel[]> {
    return this.client.call(routes.listEnvironments, z.array(releases.environment), { path: this.#path() });
  }

  environment(environment: string): Promise<releases.EnvironmentViewModel> {
    return this.client.call(routes.getEnvironment, releases.environment, { path: this.#path({ environment }) });
  }

  releases(): Promise<readonly releases.ReleaseView[]> {
    return this.client.call(routes.listReleases, z.array(releases.release), { path: this.#path() });
  }

  createRelease(upload: ReleaseUpload, signal?: AbortSignal): Promise<releases.BuildView> {
    return this.client.call(routes.createRelease, releases.build, {
      path: this.#path(),
      query: {
        commit: upload.commit,
        dirty: `${upload.dirty}`,
        branch: upload.branch ?? undefined,
        subject: upload.subject?.slice(0, 500),
      },
      body: { content: upload.content, type: 'application/x-tar' },
      ...withSignal(signal),
    });
  }

  build(build: string): Promise<releases.BuildView> {
    return this.client.call(routes.getBuild, releases.build, { path: this.#path({ build }) });
  }

  buildEvents(build: string, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    return this.client.events(routes.buildProgress, { path: this.#path({ build }), ...withSignal(signal) });
  }

  plan(environment: string, json: RolloutRequest): Promise<releases.PlanView> {
    return this.client.call(routes.plan, releases.plan, { path: this.#path({ environment }), json });
  }

  startRollout(environment: string, json: RolloutRequest): Promise<releases.RolloutView> {
    return this.client.call(routes.startRollout, releases.rollout, { path: this.#path({ environment }), json });
  }

  rollout(rollout: string, signal?: AbortSignal): Promise<releases.RolloutView> {
    return this.client.call(routes.getRollout, releases.rollout, {
      path: this.#path({ rollout }),
      ...withSignal(signal),
    });
  }

  commandRollout(rollout: string, command: RolloutCommand, reason?: string): Promise<unknown> {
    const json = reason === undefined ? {} : { reason };
    return this.client.call(routes.commandRollout, anything, { path: this.#path({ rollout, command }), json });
  }

  approve(environment: string, json: z.input<typeof releases.approvalRequest>): Promise<unknown> {
    return this.client.call(routes.approve, anything, { path: this.#path({ environment }), json });
  }

  preview(environment: string, json: z.input<typeof releases.previewRequest>): Promise<releases.PreviewView> {
    return this.client.call(routes.preview, releases.preview, { path: this.#path({ environment }), json });
  }

  override(environment: string, json: z.input<typeof releases.overrideRequest>): Promise<unknown> {
    return this.client.call(routes.override, anything, { path: this.#path({ environment }), json });
  }

  evidence(environment: string): Promise<readonly releases.EvidenceView[]> {
    return this.client.call(routes.listEvidence, z.array(releases.evidence), { path: this.#path({ environment }) });
  }

  adopt(environment: string, json: AdoptRequest): Promise<releases.EnvironmentViewModel> {
    return this.client.call(routes.adopt, releases.environment, { path: this.#path({ environment }), json });
  }

  config(environment: string): Promise<config.ConfigView> {
    return this.client.call(configRoutes.getConfig, config.configView, { path: this.#path({ environment }) });
  }

  changeConfig(environment: string, json: z.input<typeof config.configChange>) {
    return this.client.call(configRoutes.changeConfig, config.configChanged, {
      path: this.#path({ environment }),
      json,
    });
  }

  configHistory(environment: string): Promise<readonly config.SettingsVersionView[]> {
    return this.client.call(configRoutes.configHistory, z.array(config.settingsVersion), {
      path: this.#path({ environment }),
    });
  }

  compareConfig(from: string, to: string): Promise<config.ConfigDiffView> {
    return this.client.call(configRoutes.compareConfig, config.configDiff, { path: this.#path(), query: { from, to } });
  }

  secrets(environment: string): Promise<readonly secrets.KnownSecretView[]> {
    return this.client.call(secretRoutes.listSecrets, z.array(secrets.knownSecret), {
      path: this.#path({ environment }),
    });
  }

  setSecret(
    environment: string,
    name: string,
    json: z.input<typeof secrets.secretValue>,
  ): Promise<secrets.KnownSecretView> {
    return this.client.call(secretRoutes.setSecret, secrets.knownSecret, {
      path: this.#path({ environment, name }),
      json,
    });
  }

  rotateSecret(
    environment: string,
    name: string,
    json: z.input<typeof secrets.secretValue>,
  ): Promise<secrets.SecretRotationView> {
    return this.client.call(secretRoutes.rotateSecret, secrets.secretRotation, {
      path: this.#path({ environment, name }),
      json,
    });
  }

  removeSecret(environment: string, name: string, reason: string | undefined): Promise<unknown> {
    return this.client.call(secretRoutes.removeSecret, anything, {
      path: this.#path({ environment, name }),
      query: { reason },
    });
  }

  down(environment: string): Promise<unknown> {
    return this.client.call(routes.down, anything, { path: this.#path({ environment }), json: {} });
  }

  jobs(environment: string): Promise<readonly schedules.KnownJobView[]> {
    return this.client.call(schedules.scheduleRoutes.listJobs, z.array(schedules.knownJob), {
      path: this.#path({ environment }),
    });
  }

  notifications(environment: string): Promise<notifications.NotificationListView> {
    return this.client.call(notificationRoutes.listNotifications, notifications.notificationList, {
      path: this.#path({ environment }),
    });
  }

  testNotifications(environment: string) {
    return this.client.call(notificationRoutes.testNotifications, notifications.testedReceivers, {
      path: this.#path({ environment }),
      json: {},
    });
  }

  startJob(environment: string, json: z.input<typeof releases.jobRequest>): Promise<releases.JobView> {
    return this.client.call(routes.startJob, releases.jobView, { path: this.#path({ environment }), json });
  }

  verify(environment: string): Promise<releases.JobView> {
    return this.client.call(routes.verify, releases.jobView, { path: this.#path({ environment }), json: {} });
  }

  job(environment: string, job: string, signal?: AbortSignal): Promise<releases.JobView> {
    return this.client.call(routes.getJob, releases.jobView, {
      path: this.#path({ environment, job }),
      ...withSignal(signal),
    });
  }

  cancelJob(environment: string, job: string): Promise<unknown> {
    return this.client.call(routes.cancelJob, anything, { path: this.#path({ environment, job }), json: {} });
  }

  logs(environment: string, query: LogQuery, signal?: AbortSignal): AsyncGenerator<releases.LogLineView> {
    return this.client.lines(routes.logs, releases.logLine, {
      path: this.#path({ environment }),
      query,
      ...withSignal(signal),
    });
  }

  journal(query: Partial<z.output<typeof releases.journalQuery>>): Promise<readonly releases.JournalEventView[]> {
    return this.client.call(routes.journal, z.array(releases.journalEvent), { path: this.#path(), query });
  }

  /** Something has changed: whoever sees one asks again for what it shows. */
  async *changes(signal: AbortSignal, patienceMs = 60_000): AsyncGenerator<Change> {
    for await (const event of this.client.events(routes.events, { signal, patienceMs })) {
      if (event.event !== 'change') continue;
      const parsed = change.safeParse(JSON.parse(event.data));
      if (parsed.success) yield parsed.data;
    }
  }

  #path(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return { app: this.app, ...more };
  }
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Calls that are about no app. */
export const controlPlaneCalls = {
  apps: (client: Client) => client.call(routes.listApps, z.array(releases.app)),
  checkJournal: (client: Client) => client.call(routes.checkJournal, releases.journalCheck),
  lookAtServers: (client: Client, servers: readonly string[]) =>
    client.call(routes.lookAtServers, z.array(releases.serverLook), { json: { servers } }),
  certificates: (client: Client) => client.call(certificateRoutes.listCertificates, certificates.certificateList),
  renewCertificate: (client: Client, name: string) =>
    client.call(certificateRoutes.renewCertificate, certificates.certificate, { path: { name } }),
  developmentRoot: (client: Client) => client.call(certificateRoutes.getDevelopmentRoot, certificates.developmentRoot),
  health: (client: Client) => client.call(accountRoutes.health, accounts.health),
  upgradeState: (client: Client) => client.call(upgrades.upgradeRoutes.getUpgrade, upgrades.upgradeState),
  recordUpgrade: (client: Client, json: upgrades.UpgradeResultView) =>
    client.call(upgrades.upgradeRoutes.recordUpgrade, anything, { json }),
  settleUpgrade: (client: Client) => client.call(upgrades.upgradeRoutes.settleUpgrade, upgrades.settled),
  me: (client: Client) => client.call(accountRoutes.me, accounts.me),
  signInLink: (client: Client, json: z.input<typeof accounts.signInLinkRequest> = {}) =>
    client.call(accountRoutes.createSignInLink, accounts.signInLink, { json }),
  people: (client: Client) => client.call(accountRoutes.listPeople, z.array(accounts.person)),
  addPerson: (client: Client, json: z.input<typeof accounts.personRequest>) =>
    client.call(accountRoutes.addPerson, accounts.person, { json }),
  changePerson: (client: Client, person: string, json: z.input<typeof accounts.personChange>) =>
    client.call(accountRoutes.changePerson, accounts.person, { path: { person }, json }),
  erasePerson: (client: Client, person: string) =>
    client.call(accountRoutes.erasePerson, anything, { path: { person } }),
  createToken: (client: Client, json: z.input<typeof accounts.tokenRequest>) =>
    client.call(accountRoutes.createToken, accounts.newToken, { json }),
  tokens: (client: Client) => client.call(accountRoutes.listTokens, z.array(accounts.tokenView)),
  revokeToken: (client: Client, token: string) => client.call(accountRoutes.revokeToken, anything, { path: { token } }),
  allowOidc: (client: Client, json: z.input<typeof oidc.oidcRuleRequest>) =>
    client.call(oidcRoutes.allowOidc, oidc.oidcRule, { json }),
  oidcRules: (client: Client) => client.call(oidcRoutes.listOidc, z.array(oidc.oidcRule)),
  removeOidc: (client: Client, rule: string) => client.call(oidcRoutes.removeOidc, anything, { path: { rule } }),
  exchangeOidc: (client: Client, json: z.input<typeof oidc.oidcExchange>) =>
    client.call(oidcRoutes.exchangeOidc, oidc.oidcToken, { json }),
} as const;
