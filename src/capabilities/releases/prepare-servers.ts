import { LotseError, toLotseError } from '../../core/errors.ts';
import type { ArtifactDigest } from '../../core/ids.ts';
import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import type { ReleasesContext } from './releases-context.ts';

type Preparing = Pick<ReleasesContext, 'prepareServer' | 'now'>;

/** How long a deploy waits for images that are on their way, in milliseconds. */
const deployPatienceMs = 60_000;

/**
 * Brings what was just built to all machines that the app runs on, with a line for each. A machine that cannot be
 * reached fails no build: the deploy asks again.
 */
export async function bringToServers(
  context: Preparing,
  manifest: AppManifest,
  artifact: ArtifactDigest,
  onLine: (line: string) => void,
): Promise<void> {
  const servers = new Set(manifest.environments.flatMap((environment) => environment.servers));
  await Promise.all(
    [...servers].map(async (server) => {
      onLine(`bringing the image to ${server}`);
      const startedAt = context.now();
      try {
        await context.prepareServer(server, artifact);
        onLine(`the image is on ${server} after ${((context.now() - startedAt) / 1000).toFixed(1)} s`);
      } catch (error) {
        onLine(`the image is not on ${server} yet: ${toLotseError(error).message}`);
      }
    }),
  );
}

/**
 * Before a rollout begins, so that no slot waits for an image while its time to start runs. Errors: `unreachable`,
 * `timeout` (it goes on), `disk-full`, each with the machine's name; nothing was touched.
 */
export async function refuseUnprepared(
  context: Preparing,
  { environment, servers }: Pick<EnvironmentDefinition, 'environment' | 'servers'>,
  artifact: ArtifactDigest,
): Promise<void> {
  if (servers.length === 0) return;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const message = `the image is on its way to the machines of ${environment}, and not on all of them after ${deployPatienceMs / 1000} s`;
  const hint = 'It goes on. Deploy again in a while.';
  const timer = setTimeout(
    () => reject(new LotseError('timeout', message, { hint, retriable: true })),
    deployPatienceMs,
  );
  const prepared = Promise.all(servers.map((server) => prepare(context, server, artifact)));
  await Promise.race([prepared, late]).finally(() => clearTimeout(timer));
}

async function prepare(context: Preparing, server: string, artifact: ArtifactDigest): Promise<void> {
  try {
    await context.prepareServer(server, artifact);
  } catch (thrown) {
    const error = toLotseError(thrown);
    if (error.message.includes(server)) throw error;
    const { code, message, hint, retriable, details } = error;
    const more = { retriable, details, cause: error, ...(hint === undefined ? {} : { hint }) };
    throw new LotseError(code, `${server}: ${message}`, more);
  }
}
