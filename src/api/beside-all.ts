import type { Beside } from './server.ts';

/** Two protocols of others on the port; the second one keeps nothing open. */
export function besideAll(first: Beside, second: Pick<Beside, 'takes' | 'handle'>): Beside {
  return {
    takes: (url) => first.takes(url) || second.takes(url),
    handle: (request, response) => (second.takes(request.url ?? '') ? second : first).handle(request, response),
    opened: (port) => first.opened(port),
    close: () => first.close(),
  };
}
