import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { problem, problemType } from './problem.ts';
import type { Route } from './route.ts';

/** An OpenAPI 3.1 document as plain JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/**
 * Describes the routes. The same routes give the same document, byte for byte. The libraries for it are loaded when
 * somebody asks, into a server of its own that never listens: the one that serves does not carry them.
 */
export async function createOpenApi(routes: readonly Route[], base: string, version: string): Promise<OpenApiDocument> {
  const [{ fastify }, { fastifySwagger }, provider] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('fastify-type-provider-zod'),
  ]);
  const server = fastify({ exposeHeadRoutes: false, routerOptions: { maxParamLength: 300 } });
  server.setValidatorCompiler(provider.validatorCompiler);
  server.setSerializerCompiler(provider.serializerCompiler);
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lotse', version, description: 'Errors are problem+json (RFC 9457).' },
      servers: [{ url: base }],
      components: { securitySchemes },
    },
    transform: provider.jsonSchemaTransform,
    transformObject: provider.jsonSchemaTransformObject,
  });
  for (const route of [...routes].sort((a, b) => (a.at < b.at ? -1 : 1))) {
    const [method = '', url = ''] = route.at.split(' ');
    server.route({ method, url, schema: schemaOf(route), handler: () => null });
  }
  await server.ready();
  const document: OpenApiDocument = JSON.parse(JSON.stringify(server.swagger()), withoutNoise);
  await server.close();
  return withoutTwins(document);
}

const securitySchemes = {
  token: { type: 'http', scheme: 'bearer', description: 'A token, `lotse_…`' },
  session: { type: 'apiKey', in: 'cookie', name: '__lotse_session', description: 'The session of a signed-in person' },
} as const;

function schemaOf(route: Route): Record<string, unknown> {
  const names = [...route.at.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  return {
    operationId: operationId(route.at),
    summary: route.summary,
    description: descriptionOf(route),
    tags: [/^\w+ \/(\w+)/.exec(route.at)?.[1] ?? 'lotse'],
    security: route.role === null ? [] : [{ token: [] }, { session: [] }],
    ...(names.length === 0 ? {} : { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }),
    ...(route.query === null ? {} : { querystring: route.query }),
    ...bodyOf(route),
    response: {
      ...answerOf(route),
      default: { description: 'An error', content: { [problemType]: { schema: problem } } },
    },
  };
}

function descriptionOf({ role, binding }: Route): string {
  if (role === null) return 'Needs no credential.';
  return `Needs the role \`${role}\`.${binding === 'by-path' ? '' : ' A credential bound to an app or environment gets what belongs there.'}`;
}

function bodyOf({ body }: Route): Record<string, unknown> {
  if (body === null) return {};
  if (body !== 'tar') return { body };
  return { consumes: ['application/x-tar'], body: z.string().meta({ description: 'A tar archive', format: 'binary' }) };
}

function answerOf({ answer: { kind, status, shape } }: Route): Record<string, unknown> {
  switch (kind) {
    case 'value':
      if (shape instanceof z.ZodVoid) return { 204: z.null().meta({ description: 'Done' }) };
      return { [status]: { description: 'Done', content: { 'application/json': { schema: shape } } } };
    case 'lines':
      return { 200: { description: 'One of these a line', content: { 'application/x-ndjson': { schema: shape } } } };
    case 'channel':
      return { 101: { description: 'WebSocket; a text message', content: { 'application/json': { schema: shape } } } };
    case 'events':
      return { 200: { description: 'The data of an event', content: { 'text/event-stream': { schema: shape } } } };
  }
}

/** `GET /apps/:app/releases` is `getAppsByAppReleases`. */
function operationId(at: string): string {
  const [method = '', path = ''] = at.split(' ');
  const words = path.split(/[/-]/).filter((part) => part !== '');
  const capitalised = words.map((word) =>
    word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word.replace(/\W/g, '')),
  );
  return `${method.toLowerCase()}${capitalised.join('')}`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Later versions add fields, so nobody may count on there being no others; and every whole number here is a safe one. */
function withoutNoise(key: string, value: unknown): unknown {
  const isNoise =
    (key === 'additionalProperties' && value === false) ||
    (key === 'minimum' && value === Number.MIN_SAFE_INTEGER) ||
    (key === 'maximum' && value === Number.MAX_SAFE_INTEGER);
  return isNoise ? undefined : value;
}

/** The library lists each shape twice, as it is read and as it is answered (`Release`, `ReleaseInput`): equal ones once. */
function withoutTwins(document: OpenApiDocument): OpenApiDocument {
  const schemas = schemasOf(document);
  const text = JSON.stringify(document);
  const isTwin = (name: string): boolean => {
    const own = name.replace(/Input$/, '');
    if (own === name || !(own in schemas)) return false;
    return isDeepStrictEqual(schemas[name], schemas[own]) || !text.includes(`"#/components/schemas/${name}"`);
  };
  const twins = Object.keys(schemas).filter(isTwin);
  const kept = Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => !twins.includes(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  const components = { ...Object(document['components']), schemas: kept };
  const renamed = twins.reduce(
    (json, name) => json.replaceAll(`schemas/${name}"`, `schemas/${name.replace(/Input$/, '')}"`),
    JSON.stringify({ ...document, components }),
  );
  const result: OpenApiDocument = JSON.parse(renamed);
  return result;
}

function schemasOf(document: OpenApiDocument): Readonly<Record<string, unknown>> {
  const found: unknown = Object(document['components']).schemas;
  return typeof found === 'object' && found !== null ? { ...found } : {};
}
