import type { ComposeService } from './compose-app.ts';
import type { ComposeFolder } from './compose-folder.ts';
import { variablesOf } from './import-config.ts';
import type { PlacedService, Placement } from './place-services.ts';
import { findHost } from './service-hosts.ts';

/** Whether what a compose file carries over goes out as containers of one Dockerfile. */
export type ComposeImage =
  | { readonly kind: 'image' }
  /** A sentence without its full stop. */
  | { readonly kind: 'process'; readonly because: string };

const ofApp = 'Dockerfile';

/**
 * Pure. It does when all services are built from the Dockerfile beside lotse.yaml, and none needs what only a process of
 * the machine has. Null: there is no Dockerfile at all.
 */
export function findComposeImage(placements: readonly Placement[], folder: ComposeFolder): ComposeImage | null {
  const placed = placements.flatMap((placement) => (placement.kind === 'app' ? [placement.placed] : []));
  if (placed.every(({ dockerfile }) => dockerfile === null)) return null;
  const others = placements.flatMap((placement) => (placement.kind === 'app' ? [] : [placement.service]));
  const because =
    whyNotOneDockerfile(placed) ??
    placed.map(whyOtherStart).find((why) => why !== null) ??
    placed.map((one) => whyLoopback(one, others, folder)).find((why) => why !== null);
  return because == null ? { kind: 'image' } : { kind: 'process', because };
}

function whyNotOneDockerfile(placed: readonly PlacedService[]): string | null {
  const mounted = placed.find(({ dockerfile }) => dockerfile === null);
  if (mounted !== undefined) return `${mounted.service.name} has no Dockerfile, and one image is for the whole app`;
  const inline = placed.find(({ dockerfilePath }) => dockerfilePath === null);
  if (inline !== undefined) {
    return `the Dockerfile of ${inline.service.name} stands in the compose file, and not beside lotse.yaml`;
  }
  const paths = [...new Set(placed.map(({ dockerfilePath }) => dockerfilePath ?? ''))];
  if (paths.length > 1) {
    return `services are built from different Dockerfiles (${paths.join(', ')}), and one image is for the whole app`;
  }
  return paths[0] === ofApp
    ? null
    : `the Dockerfile is ${paths[0] ?? ''}, and that of an app lies beside its lotse.yaml`;
}

function whyOtherStart({ service, dockerfile, isOtherStage }: PlacedService): string | null {
  if (isOtherStage) return `${service.name} is built of another stage than the last (\`build.target\`)`;
  if (service.entrypoint !== null && dockerfile?.entrypoint != null) {
    return `${service.name} has an \`entrypoint\` of its own, and the ENTRYPOINT of an image stays`;
  }
  return service.usesHostNetwork ? `${service.name} is in the network of the machine (\`network_mode: host\`)` : null;
}

/** What Compose goes on running is reached at this machine: by a URL that leads to all of its addresses, or not at all. */
function whyLoopback(one: PlacedService, others: readonly ComposeService[], folder: ComposeFolder): string | null {
  const { service } = one;
  for (const { name, value } of variablesOf(service, folder, () => undefined)) {
    for (const other of others) {
      const place = findHost(name, value ?? '', other.name);
      if (place === null || (place.isUrl && isOpen(other, place.port))) continue;
      return `${service.name} reaches ${other.name} on 127.0.0.1, and each container has a loopback of its own`;
    }
  }
  return null;
}

function isOpen({ ports }: ComposeService, port: number | null): boolean {
  return ports.some(({ isForAll, target, published }) => {
    return isForAll && published !== null && (port === null || target === port);
  });
}
