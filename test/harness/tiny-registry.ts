import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export interface TinyRegistryOptions {
  /** Null: it asks for nothing. */
  readonly login: { readonly username: string; readonly password: string } | null;
  /** A folder whose files are the image's only layer. */
  readonly folder: string;
  /** What it answers to whatever it is asked about images, in place of them. */
  readonly refusal?: { readonly status: number; readonly code: string; readonly message: string };
}

/**
 * A registry that gives out one image, `app:1`, for this machine's processor (OCI distribution specification 1.1, pull). On
 * 127.0.0.1, where engines speak HTTP to registries without being told to.
 */
export async function startTinyRegistry({ login, folder, refusal }: TinyRegistryOptions) {
  const blobs = imageOf(folder);
  const refused: string[] = [];
  const server = createServer((request, response) => {
    if (!isLoggedIn(request, login)) {
      refused.push(request.url ?? '');
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="tiny"' }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    } else if (refusal !== undefined && request.url !== '/v2/') {
      const { status, ...error } = refusal;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ errors: [error] }));
    } else give(request, response, blobs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const name = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    name,
    image: `${name}/app:1`,
    /** Paths that were asked for without the login. */
    refused,
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Blob {
  readonly type: string;
  readonly bytes: Buffer;
}

function give(request: IncomingMessage, response: ServerResponse, blobs: ReadonlyMap<string, Blob>): void {
  if (request.url === '/v2/') return void response.end('{}');
  const blob = blobs.get(request.url?.split('/').at(-1) ?? '');
  if (blob === undefined) return void response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
  const head = {
    'Content-Type': blob.type,
    'Content-Length': blob.bytes.length,
    'Docker-Content-Digest': digestOf(blob.bytes),
  };
  response.writeHead(200, head).end(request.method === 'HEAD' ? undefined : blob.bytes);
}

function isLoggedIn(request: IncomingMessage, login: TinyRegistryOptions['login']): boolean {
  if (login === null) return true;
  return (
    request.headers.authorization === `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
  );
}

/** Manifest, configuration and layer by digest, the manifest also by its tag. */
function imageOf(folder: string): ReadonlyMap<string, Blob> {
  const tar = execFileSync('tar', ['-c', '-C', folder, '.'], { maxBuffer: 64 * 2 ** 20 });
  const layer = gzipSync(tar);
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture, config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } }),
  );
  const kind = 'application/vnd.docker';
  const part = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const manifest = {
    type: `${kind}.distribution.manifest.v2+json`,
    bytes: Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: `${kind}.distribution.manifest.v2+json`,
        config: part(`${kind}.container.image.v1+json`, config),
        layers: [part(`${kind}.image.rootfs.diff.tar.gzip`, layer)],
      }),
    ),
  };
  return new Map([
    ['1', manifest],
    [digestOf(manifest.bytes), manifest],
    [digestOf(config), { type: 'application/octet-stream', bytes: config }],
    [digestOf(layer), { type: 'application/octet-stream', bytes: layer }],
  ]);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
