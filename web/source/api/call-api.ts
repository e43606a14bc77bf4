import type { accountRoutes } from '../../../src/capabilities/accounts/accounts-api.ts';
import type { oidcRoutes } from '../../../src/capabilities/accounts/oidc-api.ts';
import type { signInRoutes } from '../../../src/capabilities/accounts/sign-in-api.ts';
import type { configRoutes } from '../../../src/capabilities/config/config-api.ts';
import type { flagRoutes } from '../../../src/capabilities/flags/flags-api.ts';
import type { notificationRoutes } from '../../../src/capabilities/notifications/notifications-api.ts';
import type { certificateRoutes } from '../../../src/capabilities/certificates/certificates-api.ts';
import type { checklistRoutes } from '../../../src/capabilities/releases/checklist-api.ts';
import type { releaseRoutes } from '../../../src/capabilities/releases/releases-api.ts';
import type { pipelineRoutes } from '../../../src/capabilities/pipelines/pipelines-api.ts';
import type { scheduleRoutes } from '../../../src/capabilities/schedules/schedules-api.ts';
import type { secretRoutes } from '../../../src/capabilities/secrets/secrets-api.ts';
import { ApiError, errorOf } from './api-error.ts';

/** Only the types of the route tables come along: the page stays small, and a route that is renamed does not compile. */
export type ApiRoute =
  | RouteOf<typeof accountRoutes>
  | RouteOf<typeof certificateRoutes>
  | RouteOf<typeof checklistRoutes>
  | RouteOf<typeof configRoutes>
  | RouteOf<typeof flagRoutes>
  | RouteOf<typeof notificationRoutes>
  | RouteOf<typeof oidcRoutes>
  | RouteOf<typeof pipelineRoutes>
  | RouteOf<typeof releaseRoutes>
  | RouteOf<typeof scheduleRoutes>
  | RouteOf<typeof secretRoutes>
  | RouteOf<typeof signInRoutes>;

type RouteOf<Table> = Table[keyof Table];

export interface CallOptions {
  /** By name, for each `:name` of the route. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly json?: unknown;
  readonly signal?: AbortSignal;
}

const basePath = '/api/v1';
const deadlineMs = 30_000;

/** Method and address of a route; every part of the path is escaped. */
export function addressOf(route: ApiRoute, { path = {}, query = {} }: Pick<CallOptions, 'path' | 'query'> = {}) {
  const [method = 'GET', template = ''] = route.split(' ');
  const filled = template.replace(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, `${value}`])).toString();
  return { method, address: `${basePath}${filled}${search === '' ? '' : `?${search}`}` };
}

/** Asks the control plane. Answers the JSON body as it came, `undefined` for an empty one. Throws ApiError. */
export async function callApi(route: ApiRoute, options: CallOptions = {}): Promise<unknown> {
  const { method, address } = addressOf(route, options);
  const deadline = AbortSignal.timeout(deadlineMs);
  const response = await send(address, {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json, application/problem+json',
      ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
    signal: options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]),
  });
  const text = await response.text();
  if (!response.ok) throw errorOf(response.status, text);
  return text === '' ? undefined : JSON.parse(text);
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (thrown) {
    if (init.signal?.aborted === true && !isTimeout(init.signal)) throw thrown;
    throw new ApiError({ status: 0, code: 'unreachable', message: '', hint: null, details: [], retriable: true });
  }
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
}
