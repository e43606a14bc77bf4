import { HttpProblem } from './problem.ts';
import type { Visit } from './visit.ts';

export type Route = {
  readonly method: 'GET' | 'POST';
  /** E.g. `/pictures/:id`; a part with a colon stands for any one part. */
  readonly path: string;
  readonly answer: (visit: Visit) => Promise<void> | void;
};

type Found = { readonly route: Route; readonly parameters: Visit['parameters'] };

/** Throws a 404 or 405. HEAD is answered as GET; node leaves the body away. */
export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  const matches = routes.flatMap((route) => {
    const parameters = match(route.path, path);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  if (matches.length === 0) throw new HttpProblem(404, 'There is no such page.');
  const asked = method === 'HEAD' ? 'GET' : method;
  const found = matches.find(({ route }) => route.method === asked);
  if (found === undefined) throw new HttpProblem(405, `${method} does not work here.`);
  return found;
}

function match(pattern: string, path: string): Visit['parameters'] | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) parameters[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return parameters;
}
