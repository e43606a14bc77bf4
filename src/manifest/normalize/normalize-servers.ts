import { toLotseError } from '../../core/errors.ts';
import { isThisMachine, machineOf, parseServerAddress } from '../../core/server-address.ts';
import type { Path } from '../problem.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';
import { normalizeTarget } from './normalize-target.ts';

/** The machines of an environment, as written; none: the one that Lotse runs on. */
export function normalizeServers(
  servers: readonly string[] = [],
  path: Path,
  manifest: Pick<WrittenManifest, 'target' | 'stores'>,
  context: Context,
): readonly string[] {
  const known = new Map<string, string>();
  servers.forEach((server, index) => {
    const problem = problemOf(server, known);
    if (problem !== null) reportMeaning(context, [...path, index], problem);
  });
  if (servers.length > 0 && normalizeTarget(manifest, context) !== 'docker') {
    reportMeaning(context, path, '`servers` run containers: write a Dockerfile, and `target: docker`', 'key');
  }
  const [store] = Object.keys(manifest.stores ?? {});
  if (servers.length > 1 && store !== undefined) {
    const message = `the store ${store} is a folder of one machine, and ${servers.length} machines would each have one of their own; name one server`;
    reportMeaning(context, path, message, 'key');
  }
  return servers;
}

/** `known`: the words before it, by their machines. */
function problemOf(server: string, known: Map<string, string>): string | null {
  try {
    const address = parseServerAddress(server);
    const machine = machineOf(address);
    const before = known.get(machine);
    known.set(machine, server);
    if (before === server) return `\`${server}\` is named twice`;
    if (before !== undefined) return `\`${server}\` is the same machine as \`${before}\``;
    return isThisMachine(address)
      ? `\`${server}\` is the machine that Lotse runs on: leave \`servers\` out for it`
      : null;
  } catch (error) {
    return toLotseError(error).message;
  }
}
