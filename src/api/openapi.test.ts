import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryServer } from '../../test/harness/temporary-server.ts';
import { createOpenApi } from './openapi.ts';
import { linesRoute, route, uploadRoute } from './route.ts';
import type { Route } from './route.ts';

const thing = z
  .object({ id: z.string(), size: z.number().nullable() })
  .meta({ id: 'TestThing', description: 'A thing' });

const routes: readonly Route[] = [
  route({
    ...{ at: 'POST /apps/:app/things/:thing', summary: 'Change a thing', role: 'operator', status: 202 },
    query: z.object({ dry: z.enum(['true', 'false']).default('false') }),
    body: thing,
    answer: z.array(thing),
    handle: () => [],
  }),
  route({ at: 'DELETE /apps/:app', summary: 'Remove', role: 'admin', answer: z.void(), handle: () => undefined }),
  uploadRoute({
    at: 'POST /apps/:app/releases',
    summary: 'Upload',
    role: 'developer',
    answer: thing,
    handle: () => ({ id: 'r', size: 1 }),
  }),
  linesRoute({ at: 'GET /logs', summary: 'Logs', role: 'viewer', answer: thing, handle: async function* () {} }),
];

function at(document: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), document);
}

test('the document says what the routes declare: shapes once and by name, roles, kinds of bodies, problems', async () => {
  const document = await createOpenApi(routes, '/api/v1', '1');
  assert.equal(at(document, 'openapi'), '3.1.0');
  const change = at(document, 'paths', '/apps/{app}/things/{thing}', 'post');
  const reference = { $ref: '#/components/schemas/TestThing' };
  assert.equal(at(change, 'operationId'), 'postAppsByAppThingsByThing');
  assert.equal(at(change, 'description'), 'Needs the role `operator`.');
  assert.deepEqual(at(change, 'requestBody', 'content', 'application/json', 'schema'), reference);
  const answer = at(change, 'responses', '202', 'content', 'application/json', 'schema');
  assert.deepEqual(answer, { type: 'array', items: reference });
  assert.deepEqual(at(change, 'responses', 'default', 'content', 'application/problem+json', 'schema'), {
    $ref: '#/components/schemas/Problem',
  });
  const parameters = z.array(z.object({ name: z.string() })).parse(at(change, 'parameters'));
  assert.deepEqual(parameters.map(({ name }) => name).sort(), ['app', 'dry', 'thing']);
  assert.deepEqual(at(document, 'paths', '/apps/{app}', 'delete', 'responses', '204'), { description: 'Done' });
  assert.ok(at(document, 'paths', '/apps/{app}/releases', 'post', 'requestBody', 'content', 'application/x-tar'));
  assert.ok(at(document, 'paths', '/logs', 'get', 'responses', '200', 'content', 'application/x-ndjson'));
  const names = Object.keys(Object(at(document, 'components', 'schemas')));
  assert.ok(!names.includes('TestThingInput'), names.join());
});

test('the same routes give the same text, in whatever order they are registered', async () => {
  const one = JSON.stringify(await createOpenApi(routes, '/api/v1', '1'));
  const other = JSON.stringify(await createOpenApi(routes.toReversed(), '/api/v1', '1'));
  assert.equal(one, other);
});

test('every reference of the served document leads somewhere, and it is served to credentials only', async (t) => {
  const { ask, newToken } = await temporaryServer(t, { routes });
  assert.equal((await ask('GET /api/v1/openapi.json')).status, 401);
  const { secret: token } = await newToken(['viewer']);
  const { json, text } = await ask('GET /api/v1/openapi.json', { token });
  const names = Object.keys(Object(at(json, 'components', 'schemas')));
  const used = [...text.matchAll(/"#\/components\/schemas\/(.*?)"/g)].map(([, name]) => name ?? '');
  assert.ok(used.length > 10);
  assert.deepEqual(
    used.filter((name) => !names.includes(name)),
    [],
  );
  for (const path of ['/me', '/tokens/{token}', '/events', '/health', '/apps/{app}/things/{thing}']) {
    assert.ok(at(json, 'paths', path), path);
  }
});
