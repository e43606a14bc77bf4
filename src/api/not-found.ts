import type { FastifyInstance } from 'fastify';
import { LotseError } from '../core/errors.ts';
import type { Authenticate } from './authenticate.ts';
import type { WebPage } from './web-page.ts';

/** For what no route answers. Whoever has no credential does not even learn which routes there are. */
export function answerNotFound(server: FastifyInstance, page: WebPage | null, authenticate: Authenticate): void {
  server.setNotFoundHandler(async (request, reply) => {
    if (page?.answer(request, reply) === true) return reply;
    const path = request.url.split('?')[0] ?? '';
    const isApi = path.startsWith('/api/');
    if (isApi) await authenticate(request, reply);
    const missingPage = page === null && !isApi;
    throw new LotseError('not-found', `There is no ${request.method} ${path}.`, {
      hint: missingPage
        ? 'The web page is not built: `npm run build:web` does it.'
        : '/api/v1/openapi.json lists all routes.',
    });
  });
}
