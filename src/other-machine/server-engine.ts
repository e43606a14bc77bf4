import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { parseServerAddress } from '../core/server-address.ts';
import { DockerEngine } from '../docker-engine/docker-engine.ts';
import { SshTunnel } from '../docker-engine/ssh-tunnel.ts';

export interface ServerEngineOptions {
  /** A word of `servers:`. */
  readonly address: string;
  /** Of the state, for all servers: sockets of ssh, and `tls/` with client certificates. */
  readonly folder: string;
  /** What else it is for than to run something there: sockets of ssh are not shared. */
  readonly purpose?: string;
  /** Further arguments of ssh. */
  readonly sshArguments?: readonly string[];
}

export interface ServerEngine {
  readonly engine: DockerEngine;
  readonly close: () => Promise<void>;
}

/**
 * The engine of a server. Nothing is connected yet. For `tcp://` the client's files are `ca.pem`, `cert.pem` and `key.pem` in
 * `tls/HOST/` of the folder, or in `tls/` for all servers. Errors: `bad-input`, `not-found` (a file).
 */
export async function openServerEngine(options: ServerEngineOptions): Promise<ServerEngine> {
  const address = parseServerAddress(options.address);
  if (address.kind === 'tcp') {
    const { host, port } = address;
    const engine = new DockerEngine({ kind: 'tls', host, port, ...(await readFiles(options, host)) });
    return { engine, close: async () => engine.close() };
  }
  const { address: name, purpose = '', sshArguments = [] } = options;
  const folder = join(options.folder, `${createHash('sha256').update(name).digest('hex').slice(0, 8)}${purpose}`);
  const tunnel = new SshTunnel({ address, name, folder, sshArguments });
  const engine = new DockerEngine(tunnel.engineAddress);
  const close = async (): Promise<void> => {
    engine.close();
    await tunnel.close();
  };
  return { engine, close };
}

async function readFiles({ address, folder }: ServerEngineOptions, host: string) {
  const read = async (name: string): Promise<string> => {
    for (const path of [join(folder, 'tls', host, name), join(folder, 'tls', name)]) {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      });
      if (text !== null) return text;
    }
    throw new LotseError('not-found', `${address} needs ${name}, and it is neither in tls/${host} nor in tls`, {
      hint: `Put ca.pem, cert.pem and key.pem of a client that this engine lets in into ${join(folder, 'tls', host)}.`,
    });
  };
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return { ca, cert, key: new Secret(key) };
}
