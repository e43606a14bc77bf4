import type { ComposeApp, ComposePort, ComposeService } from './compose-app.ts';
import { isNamedLikeFront } from './import-parts.ts';
import { knownImage } from './well-known-images.ts';

/** Where users of a compose app come in today. */
export interface PublishedFront {
  readonly service: string;
  readonly line: number;
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
}

/**
 * The published port of the service in front, of which Compose says it on this machine; null when none is published.
 * A service of the app goes before the web server in front of it, because that often sends people on to TLS of its own.
 */
export function publishedFront({ services }: ComposeApp): PublishedFront | null {
  const found = services.flatMap((service) => {
    const port = service.ports.find(isPlainHttp);
    const rank = rankOf(service);
    return port === undefined || rank === null ? [] : [{ service, port, rank }];
  });
  const [best] = found.toSorted((a, b) => b.rank - a.rank);
  if (best === undefined) return null;
  const { service, port } = best;
  return { service: service.name, line: port.line, url: `http://${hostOf(port)}:${port.published}` };
}

function isPlainHttp({ published, target, protocol }: ComposePort): boolean {
  return published !== null && protocol === 'tcp' && published !== 443 && target !== 443;
}

/** Null for what no user's browser talks to. */
function rankOf({ name, image }: ComposeService): number | null {
  const role = image === null ? null : (knownImage(image)?.role ?? null);
  if (role === 'database' || role === 'tool') return null;
  return (role === null ? 2 : 0) + (isNamedLikeFront(name) ? 1 : 0);
}

/** As the short form binds it; everywhere includes this machine's own address. */
function hostOf({ written }: ComposePort): string {
  const host = /^(\d+\.\d+\.\d+\.\d+|\[[^\]]*\]):/.exec(written)?.[1] ?? '127.0.0.1';
  return host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host;
}
