import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, SignedIn } from '../app.ts';
import { HttpProblem } from './problem.ts';

/** One request on its way to its answer. */
export type Visit = {
  readonly app: App;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** The parts of the path that the route names, e.g. `id`. */
  readonly parameters: { readonly [name: string]: string };
  /** Who is signed in. */
  readonly signedIn: SignedIn | undefined;
};

/** Signing in or out happened elsewhere, or never: the page that asks is the answer. */
export class SignInNeeded extends HttpProblem {
  constructor() {
    super(401, 'Please sign in first.');
  }
}

export function requireSignedIn({ signedIn }: Visit): SignedIn {
  if (signedIn === undefined) throw new SignInNeeded();
  return signedIn;
}

export function parameter({ parameters }: Visit, name: string): string {
  return parameters[name] ?? '';
}
