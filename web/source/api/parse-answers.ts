import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import type {
  MeView,
  NewTokenView,
  PersonView,
  SignInLinkView,
  TokenView,
} from '../../../src/capabilities/accounts/accounts-api.ts';
import type { OidcRuleView } from '../../../src/capabilities/accounts/oidc-api.ts';
import type { OwnAccessView } from '../../../src/capabilities/accounts/sign-in-api.ts';
import type { CertificateListView } from '../../../src/capabilities/certificates/certificates-api.ts';
import type { ConfigDiffView, ConfigView, SettingsVersionView } from '../../../src/capabilities/config/config-api.ts';
import type {
  FlagHistoryView,
  FlagKeyView,
  FlagListView,
  NewFlagKeyView,
} from '../../../src/capabilities/flags/flags-api.ts';
import type { NotificationListView } from '../../../src/capabilities/notifications/notifications-api.ts';
import type { ChecklistsView } from '../../../src/capabilities/releases/checklist-api.ts';
import type {
  AppView,
  EnvironmentViewModel,
  EvidenceView,
  JobByHandView,
  JobView,
  JournalCheckView,
  JournalEventView,
  PlanView,
  ReleaseView,
  RolloutView,
} from '../../../src/capabilities/releases/releases-api.ts';
import type { TrafficSeriesView } from '../../../src/capabilities/releases/series-api.ts';
import type { PipelineView } from '../../../src/capabilities/pipelines/pipelines-api.ts';
import type { KnownJobView } from '../../../src/capabilities/schedules/schedules-api.ts';
import type { KnownSecretView } from '../../../src/capabilities/secrets/secrets-api.ts';
import { callApi, type ApiRoute, type CallOptions } from './call-api.ts';

/** What each route that the page asks answers with. The server checks its answers against the same shapes. */
interface Answers {
  readonly 'GET /me': MeView;
  readonly 'GET /people': readonly PersonView[];
  readonly 'POST /people': PersonView;
  readonly 'POST /sign-in-links': SignInLinkView;
  readonly 'GET /tokens': readonly TokenView[];
  readonly 'POST /tokens': NewTokenView;
  readonly 'GET /oidc/rules': readonly OidcRuleView[];
  readonly 'GET /me/access': OwnAccessView;
  readonly 'POST /session/password': MeView;
  readonly 'POST /session/passkey': MeView;
  readonly 'POST /session/passkey/options': PublicKeyCredentialRequestOptionsJSON;
  readonly 'POST /me/passkeys/options': PublicKeyCredentialCreationOptionsJSON;
  readonly 'GET /certificates': CertificateListView;
  readonly 'GET /apps': readonly AppView[];
  readonly 'GET /apps/:app/environments': readonly EnvironmentViewModel[];
  readonly 'GET /apps/:app/releases': readonly ReleaseView[];
  readonly 'GET /apps/:app/pipelines': readonly PipelineView[];
  readonly 'GET /apps/:app/config/diff': ConfigDiffView;
  readonly 'GET /apps/:app/rollouts': readonly RolloutView[];
  readonly 'GET /apps/:app/rollouts/:rollout': RolloutView;
  readonly 'GET /apps/:app/journal': readonly JournalEventView[];
  readonly 'GET /journal/check': JournalCheckView;
  readonly 'POST /apps/:app/environments/:environment/plan': PlanView;
  readonly 'GET /apps/:app/environments/:environment/evidence': readonly EvidenceView[];
  readonly 'GET /apps/:app/environments/:environment/checklists': ChecklistsView;
  readonly 'GET /apps/:app/environments/:environment/config': ConfigView;
  readonly 'GET /apps/:app/environments/:environment/config/history': readonly SettingsVersionView[];
  readonly 'GET /apps/:app/environments/:environment/secrets': readonly KnownSecretView[];
  readonly 'GET /apps/:app/environments/:environment/flags': FlagListView;
  readonly 'GET /apps/:app/environments/:environment/flags/:flag': FlagHistoryView;
  readonly 'GET /apps/:app/environments/:environment/flag-keys': readonly FlagKeyView[];
  readonly 'POST /apps/:app/environments/:environment/flag-keys': NewFlagKeyView;
  readonly 'GET /apps/:app/environments/:environment/series': TrafficSeriesView;
  readonly 'GET /apps/:app/environments/:environment/jobs': readonly KnownJobView[];
  readonly 'GET /apps/:app/environments/:environment/jobs-by-hand': readonly JobByHandView[];
  readonly 'GET /apps/:app/environments/:environment/jobs/:job': JobView;
  readonly 'POST /apps/:app/environments/:environment/jobs': JobView;
  readonly 'GET /apps/:app/environments/:environment/notifications': NotificationListView;
}

/** Answers the body in the shape of its route. Throws ApiError. */
export async function ask<Route extends keyof Answers & ApiRoute>(
  route: Route,
  options: CallOptions = {},
): Promise<Answers[Route]> {
  const answer = await callApi(route, options);
  return answer as Answers[Route];
}

/** A line of a stream of JSON values, as its route says; null: a heartbeat, or cut off. */
export function parseLine<Line>(text: string): Line | null {
  if (text === '') return null;
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null;
  }
}

/** The id in the answer to a started rollout; null when there is none. */
export function rolloutIdOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('id' in answer)) return null;
  return typeof answer.id === 'string' ? answer.id : null;
}
