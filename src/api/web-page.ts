import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The built web page of a folder. */
export interface WebPage {
  /** Answers a request for a page of the app that is no file: with index.html. False: this is no such request. */
  answer(request: FastifyRequest, reply: FastifyReply): boolean;
}

/** Null when the folder holds no page. Loads the library for files only when there is one. */
export async function serveWebPage(server: FastifyInstance, folder: string | null): Promise<WebPage | null> {
  if (folder === null || !existsSync(join(folder, 'index.html'))) return null;
  const { fastifyStatic } = await import('@fastify/static');
  await server.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    dotfiles: 'ignore',
    // The build leaves them beside scripts and styles.
    preCompressed: true,
    // The build puts a hash into the names of what lies in assets/; all else is asked for anew.
    setHeaders(reply, path) {
      const isHashed = path.startsWith(join(folder, 'assets') + sep);
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return {
    answer({ method, url, headers }, reply) {
      const path = url.split('?')[0] ?? '';
      const wantsPage = headers.accept?.includes('text/html') === true && !/\.[^/]*$/.test(path);
      if (method !== 'GET' || !wantsPage || path.startsWith('/api/')) return false;
      reply.sendFile('index.html');
      return true;
    },
  };
}
