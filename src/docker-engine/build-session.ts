import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Secret } from '../core/secret.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { RegistryCredentials } from './images.ts';
import { parseFields, textField, writeFields } from './parse-protobuf.ts';

/** What BuildKit may ask for while it builds. */
export interface BuildSecrets {
  /** By the `id` of `RUN --mount=type=secret,id=…`. */
  readonly secrets: Readonly<Record<string, Secret>>;
  readonly credentials: RegistryCredentials;
}

/** Answer of a call: a message, or a status of gRPC other than 0. */
type Answer = { readonly message: Buffer } | { readonly status: number; readonly why: string };
type Method = (request: Buffer) => Answer;

const notFound = 5;
const unimplemented = 12;

/**
 * The builder's side of a BuildKit session: a connection on which the engine calls us, by gRPC on HTTP/2, for secrets and
 * for credentials of registries (moby/buildkit: session/secrets/secrets.proto, session/auth/auth.proto). So they reach the
 * step that asks for them and lie in no layer, no argument and no history of an image.
 */
export class BuildSession {
  /** Goes into the query of the build. */
  readonly id: string;
  readonly #session: ServerHttp2Session;

  private constructor(id: string, session: ServerHttp2Session) {
    this.id = id;
    this.#session = session;
  }

  static async open(engine: EngineConnection, known: BuildSecrets, signal: AbortSignal): Promise<BuildSession> {
    const { performServerHandshake } = await import('node:http2');
    const methods = methodsOf(known);
    const id = randomBytes(16).toString('hex');
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'h2c',
      'X-Docker-Expose-Session-Uuid': id,
      'X-Docker-Expose-Session-Name': 'lotse',
      'X-Docker-Expose-Session-Sharedkey': '',
      'X-Docker-Expose-Session-Grpc-Method': [...methods.keys()],
    };
    const socket = await engine.upgrade({ method: 'POST', path: '/session', headers, signal });
    socket.on('error', () => undefined); // The build ends with it, and says why.
    const session = performServerHandshake(socket);
    session.on('error', () => undefined);
    session.on('stream', (stream, asked) => void serve(stream, asked, methods));
    return new BuildSession(id, session);
  }

  close(): void {
    this.#session.destroy();
  }
}

function methodsOf({ secrets, credentials }: BuildSecrets): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ['/grpc.health.v1.Health/Check', () => ({ message: Buffer.from([8, 1]) })], // SERVING
    [
      '/moby.buildkit.secrets.v1.Secrets/GetSecret',
      (request) => {
        const id = textField(parseFields(request), 1);
        const secret = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
        if (secret === undefined) return { status: notFound, why: `no build secret is called ${id}` };
        return { message: writeFields([[1, secret.reveal()]]) };
      },
    ],
    [
      '/moby.filesync.v1.Auth/Credentials',
      (request) => {
        const found = credentials[registryName(textField(parseFields(request), 1))];
        if (found === undefined) return { message: Buffer.alloc(0) };
        return {
          message: writeFields([
            [1, found.username],
            [2, found.password.reveal()],
          ]),
        };
      },
    ],
  ]);
}

/** Docker Hub has kept the name of its first version in credentials. */
function registryName(host: string): string {
  return host === 'registry-1.docker.io' ? 'https://index.docker.io/v1/' : host;
}

/** One unary call: a frame of flag, length and message each way (grpc/grpc: PROTOCOL-HTTP2.md). */
async function serve(
  stream: ServerHttp2Stream,
  asked: IncomingHttpHeaders,
  methods: ReadonlyMap<string, Method>,
): Promise<void> {
  stream.on('error', () => undefined); // The engine has lost interest.
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const method = methods.get(String(asked[':path']));
  const answer = method?.(Buffer.concat(chunks).subarray(5)) ?? { status: unimplemented, why: 'unknown method' };
  const trailers =
    'message' in answer
      ? { 'grpc-status': '0' }
      : { 'grpc-status': `${answer.status}`, 'grpc-message': encodeURIComponent(answer.why) };
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  if ('message' in answer) stream.end(frame(answer.message));
  else stream.end();
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
