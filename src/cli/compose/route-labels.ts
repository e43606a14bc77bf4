import { domainPattern } from '../../manifest/names.ts';
import type { ComposeApp, ComposeService } from './compose-app.ts';

/** What the rules of a reverse proxy say: the first domain, and paths by service. */
export interface RouteLabels {
  readonly domain: string | null;
  readonly paths: ReadonlyMap<string, string>;
}

const virtualHost = /^(?:VIRTUAL_HOST|LETSENCRYPT_HOST)$/;

/** Labels of Traefik (``Host(`shop.example`) && PathPrefix(`/api`)``) and the variables of nginx-proxy. */
export function routesOf({ services }: ComposeApp): RouteLabels {
  const domains = services.flatMap(domainsOf).map((domain) => domain.toLowerCase());
  const paths = services.flatMap((service): readonly (readonly [string, string])[] => {
    const [path] = rulesOf(service).flatMap(
      (rule) => /PathPrefix\(\s*[`'"](\/[\w~/-]{1,100})[`'"]/.exec(rule)?.[1] ?? [],
    );
    const clean = path?.replace(/\/+$/, '').replaceAll(/\/{2,}/g, '/');
    return clean === undefined || clean === '' ? [] : [[service.name, clean]];
  });
  return { domain: domains.find((domain) => domainPattern.test(domain)) ?? null, paths: new Map(paths) };
}

function domainsOf(service: ComposeService): readonly string[] {
  const named = service.environment.flatMap(({ name, value }) =>
    virtualHost.test(name) ? (value ?? '').split(',') : [],
  );
  return [...rulesOf(service).flatMap((rule) => /Host\(\s*[`'"]([^`'")]+)[`'"]/.exec(rule)?.[1] ?? []), ...named];
}

function rulesOf({ labels }: ComposeService): readonly string[] {
  return labels.flatMap(({ name, value }) => (/^traefik\.http\.routers\..+\.rule$/.test(name) ? [value ?? ''] : []));
}
