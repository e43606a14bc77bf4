import type { RoutedFlags } from '../../core/routing-document.ts';
import type { Scope } from '../../core/ids.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import { FlagBook } from './flag-book.ts';
import { FlagGuard, type GuardSources } from './flag-guard.ts';
import { FlagKeys } from './flag-keys.ts';
import type { FlagParts } from './flag-parts.ts';
import { FlagServer } from './flag-server.ts';
import { flagsPart, type FlagsOfRelease } from './flags-part.ts';
import { ProxyDoor } from './proxy-door.ts';
import { routesOfFlags } from './routes.ts';

interface OpenFlags extends FlagParts, GuardSources {
  readonly textOf: FlagsOfRelease;
  readonly scopes: () => Promise<readonly Scope[]>;
  readonly publish: () => Promise<void>;
  /** Errors: `not-found` for an environment that neither is there nor is declared. */
  readonly requireEnvironment: (scope: Scope) => Promise<void>;
}

/** What the rest of the control plane has of flags. */
export interface Flags {
  readonly part: ReleasePart;
  readonly routes: ReturnType<typeof routesOfFlags>;
  readonly doors: () => { readonly flags?: RoutedFlags };
  /** Is a flag the likely cause of what a signal says now? Then its guard turns it off first. Rejects never. */
  isCauseOf(scope: Scope, signal: string): Promise<boolean>;
  /** Answers those who evaluate flags, on the API's port. */
  readonly beside: {
    readonly takes: FlagServer['takes'];
    readonly handle: FlagServer['handle'];
    /** The server listens, at this port of loopback. */
    opened(port: number): Promise<void>;
    /** Ends streams, so that the server can close. */
    close(): Promise<void>;
  };
}

export async function openFlags({
  textOf,
  scopes,
  publish,
  signals,
  readMetric,
  requireEnvironment,
  ...parts
}: OpenFlags): Promise<Flags> {
  const { now, log, journal } = parts;
  const keys = await FlagKeys.open(parts);
  const book = new FlagBook(parts);
  const { takes, handle, close } = new FlagServer({ book, keys, now, log });
  const guard = new FlagGuard({ ...parts, book, scopes, signals, readMetric });
  const door = new ProxyDoor({ book, keys, journal, scopes, publish, log });
  return {
    part: flagsPart(textOf, book),
    routes: routesOfFlags(parts, book, keys, requireEnvironment),
    doors: () => door.doors(),
    isCauseOf: (scope, signal) => guard.isCauseOf(scope, signal),
    beside: {
      ...{ takes, handle },
      async opened(port) {
        guard.start();
        await door.open(port);
      },
      async close() {
        close();
        await guard.close();
        await door.close();
        await book.close();
      },
    },
  };
}
