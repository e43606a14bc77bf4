import type { ReleaseId, Scope } from '../../core/ids.ts';
import { LotseError } from '../../core/errors.ts';
import { previewHeader } from '../../core/routing-document.ts';
import type { RoutedRevision } from '../../core/routing-document.ts';
import { address, addressesOf } from './environment-view.ts';
import { frontDoor } from './engine-bindings.ts';
import { requireEnvironment } from './release-operations.ts';
import { findRelease } from './release-rows.ts';
import type { PreviewView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';

/**
 * Where a release can be seen before users see it. `release` null: the newest that runs here. Errors: `not-found`;
 * `conflict` when nothing runs here.
 */
export async function previewRelease(
  context: ReleasesContext,
  scope: Scope,
  wished: ReleaseId | null,
  forMs: number,
): Promise<PreviewView> {
  await requireEnvironment(context, scope);
  const running = await runningReleases(context, scope);
  const release = wished ?? running.at(-1);
  if (release === undefined) {
    throw new LotseError(
      'conflict',
      `nothing of ${scope.app} runs in ${scope.environment}, so nothing can be previewed`,
      {
        hint: `\`lotse deploy ${scope.environment}\` starts a release there; it can be previewed while it waits for its gates.`,
      },
    );
  }
  await findRelease(context.database.db, scope.app, release);
  const until = context.now() + forMs;
  const [url = ''] = await addressesOf(context, scope);
  return {
    release,
    runs: running.includes(release),
    until,
    named: await namedAddress(context, scope, release),
    url,
    header: previewHeader,
    value: context.signPreview(release, until),
  };
}

/** Releases with instances that take requests, the newest last. */
async function runningReleases(context: ReleasesContext, scope: Scope): Promise<readonly ReleaseId[]> {
  const routed = (await context.traffic.environments()).find(
    (each) => each.app === scope.app && each.environment === scope.environment,
  );
  return routed?.revisions.filter(isUp).map((revision) => revision.release) ?? [];
}

function isUp({ services }: RoutedRevision): boolean {
  return services.some(({ instances }) => instances.some(({ state }) => state === 'accepting'));
}

/** `<release>.<domain>`, where the proxy answers to it. */
async function namedAddress(context: ReleasesContext, scope: Scope, release: ReleaseId): Promise<string | null> {
  const [domain] = (await frontDoor(context, scope)).previewDomains;
  if (domain === undefined) return null;
  const { tlsPort } = context.secured(await context.names.of(scope));
  const name = `${release}.${domain}`;
  return tlsPort === null ? address('http', name, context.frontPort) : address('https', name, tlsPort);
}
