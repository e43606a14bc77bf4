import type { Duplex } from 'node:stream';
import type { Secret } from '../core/secret.ts';

/**
 * Where a Docker engine listens. `tls` is dockerd's `--tlsverify`: both sides show a certificate, PEM texts.
 * `tunnel` is anything that opens a connection to an engine by other means (SSH, say): each call of `open` makes a new one,
 * and `name` stands for it in messages.
 */
export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      readonly ca: string;
      readonly cert: string;
      readonly key: Secret;
    }
  | { readonly kind: 'tunnel'; readonly name: string; readonly open: () => Promise<Duplex> };

/** As in DOCKER_HOST, for messages. */
export function describeAddress(address: EngineAddress): string {
  switch (address.kind) {
    case 'socket':
      return `unix://${address.path}`;
    case 'tls':
      return `tcp://${address.host}:${address.port}`;
    case 'tunnel':
      return address.name;
  }
}
