import { z } from 'zod';
import { health } from '../capabilities/accounts/routes.ts';
import { createOpenApi } from './openapi.ts';
import type { OpenApiDocument } from './openapi.ts';
import { openRoute, route } from './route.ts';
import type { Route } from './route.ts';

/** Every route but `/health` lies below it. */
export const apiBase = '/api/v1';

/** The routes of the capabilities together with those about the server itself. */
export function allRoutes(routes: readonly Route[], version: string): readonly Route[] {
  let document: Promise<OpenApiDocument> | null = null;
  const all: Route[] = [healthRoute(version), ...routes];
  const openApi = route({
    at: 'GET /openapi.json',
    summary: 'This interface as an OpenAPI 3.1 document',
    role: 'viewer',
    binding: 'by-handler',
    answer: z.record(z.string(), z.unknown()),
    handle: () => (document ??= createOpenApi(all, apiBase, version)),
  });
  all.push(openApi);
  return all;
}

export function healthRoute(version: string): Route {
  return openRoute({
    at: 'GET /health',
    summary: 'Does the server answer?',
    answer: health,
    handle: () => ({ status: 'ok', version }) as const,
  });
}
