import type { RoutingDocument } from '../../core/routing-document.ts';

/**
 * Documents of the first landed version. It knew cookies or nothing, one threshold or none, and no TLS, previews, assets and
 * probes by the proxy; its proxy is asked by today's control plane after an upgrade, and today's proxy by its control plane
 * after a way back, or finds its document on the disk.
 */

type Fields = Readonly<Record<string, unknown>>;

/** What that version left out, filled in with what it meant; anything else stays as it is, to be checked. */
export function fillFirstForm(value: unknown): unknown {
  if (!isFields(value) || 'tls' in value) return value;
  const filled = { tls: null, challenges: [], trustedProxies: [], accessLogPermille: 0, ...value };
  return { ...filled, environments: mapped(value['environments'], fillEnvironment) };
}

function fillEnvironment(environment: Fields): Fields {
  return { previewDomains: [], https: null, ...environment, revisions: mapped(environment['revisions'], fillRevision) };
}

function fillRevision(revision: Fields): Fields {
  return { ...revision, services: mapped(revision['services'], fillService) };
}

function fillService(service: Fields): Fields {
  const { stickiness } = service;
  return {
    ...{ assets: null, readyPath: null, ...service },
    stickiness: typeof stickiness === 'string' ? { kind: stickiness } : stickiness,
    instances: mapped(service['instances'], (instance) => ({ drainMs: 30_000, ...instance })),
  };
}

function mapped(value: unknown, change: (fields: Fields) => Fields): unknown {
  return Array.isArray(value) ? value.map((each: unknown) => (isFields(each) ? change(each) : each)) : value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * As a proxy of that version reads it: it looks at the fields that it knows. What it cannot do (certificates, another
 * stickiness than cookies) it leaves out until it is replaced; an adopted upstream it refuses.
 */
export function inFirstForm(document: RoutingDocument): object {
  return {
    ...document,
    environments: document.environments.map((environment) => ({
      ...environment,
      revisions: environment.revisions.map((revision) => ({
        ...revision,
        services: revision.services.map((service) => ({
          ...service,
          stickiness: service.stickiness.kind === 'none' ? 'none' : 'cookie',
          lateAfterMs: service.lateAfterMs[0] ?? null,
        })),
      })),
    })),
  };
}
