import { ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { RefusedRequest } from './problem.ts';
import type { Channel } from './route.ts';

const longestMessageBytes = 1024 * 1024;
/** What waits for a slow client; beyond it whoever sends waits too. */
const waitingBytes = 256 * 1024;
const drainLookMs = 20;
/** Messages of a client that are not read yet; beyond it nothing more is taken from it. */
const unreadMessages = 64;
/** RFC 6455, 7.4.1 */
const goingAway = 1001;

export interface ChannelOptions {
  /** The server closes. */
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  /** Asked with each heartbeat: does the credential still count? */
  readonly isStillAllowed: () => Promise<boolean>;
}

type Talk = (channel: Channel) => Promise<void>;

/** Requests that want to become WebSockets go through the routes like any other: credential, role and binding are checked there. */
export interface Channels {
  listenTo(http: Server, server: FastifyInstance): void;
  /** Resolves when the conversation is over. Error: 426 for a request that is no WebSocket. */
  open(request: FastifyRequest, reply: FastifyReply, talk: Talk, options: ChannelOptions): Promise<void>;
}

export function createChannels(): Channels {
  const heads = new WeakMap<IncomingMessage, Buffer>();
  return {
    listenTo(http, server) {
      http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
        // parsed: the connection of an HTTP server is a socket
        const socket = stream as Socket;
        socket.on('error', () => socket.destroy());
        const response = new ServerResponse(request);
        response.assignSocket(socket);
        response.shouldKeepAlive = false;
        response.once('finish', () => socket.end()); // refused: this connection carries nothing else
        heads.set(request, head);
        server.routing(request, response);
      });
    },
    async open(request, reply, talk, options) {
      const head = heads.get(request.raw);
      if (head === undefined) {
        void reply.header('upgrade', 'websocket');
        throw new RefusedRequest(426, 'bad-input', 'This is a WebSocket: the request has to ask for the upgrade.');
      }
      reply.hijack();
      await converse(await accept(request.raw, reply.raw, head), talk, options);
    },
  };
}

/** The library is loaded by the first who comes. */
async function accept(request: IncomingMessage, response: ServerResponse, head: Buffer): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws');
  const settings = { noServer: true, maxPayload: longestMessageBytes, perMessageDeflate: false, clientTracking: false };
  const { socket } = request;
  response.removeAllListeners('finish');
  response.detachSocket(socket);
  socket.setTimeout(0);
  return await new Promise((resolve, reject) => {
    socket.once('close', () => reject(new RefusedRequest(400, 'bad-input', 'The WebSocket was not opened.')));
    new WebSocketServer(settings).handleUpgrade(request, socket, head, resolve);
  });
}

async function converse(client: WebSocket, talk: Talk, options: ChannelOptions): Promise<void> {
  const gone = new AbortController();
  client.on('error', () => client.terminate());
  client.once('close', () => gone.abort());
  const heartbeat = setInterval(() => void beat(client, options), options.heartbeatMs);
  const leave = (): void => client.close(goingAway);
  options.signal.addEventListener('abort', leave, { once: true });
  try {
    const send = async (message: string | Uint8Array): Promise<void> => await sendTo(client, message);
    await talk({ messages: messagesOf(client, gone.signal), send, signal: gone.signal });
    client.close();
  } catch (error) {
    client.terminate();
    throw error;
  } finally {
    clearInterval(heartbeat);
    options.signal.removeEventListener('abort', leave);
  }
}

function messagesOf(client: WebSocket, gone: AbortSignal): AsyncGenerator<string | Uint8Array, void, void> {
  const unread: (string | Uint8Array)[] = [];
  let bell = Promise.withResolvers<void>();
  client.on('message', (data, isBinary) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(new Uint8Array(data));
    unread.push(isBinary ? bytes : bytes.toString('utf8'));
    if (unread.length >= unreadMessages) client.pause();
    bell.resolve();
  });
  gone.addEventListener('abort', () => bell.resolve(), { once: true });
  async function* read(): AsyncGenerator<string | Uint8Array, void, void> {
    for (;;) {
      bell = Promise.withResolvers<void>();
      for (let next = unread.shift(); next !== undefined; next = unread.shift()) yield next;
      if (gone.aborted) return;
      if (client.isPaused) client.resume();
      if (unread.length === 0) await bell.promise;
    }
  }
  return read();
}

async function sendTo(client: WebSocket, message: string | Uint8Array): Promise<void> {
  if (client.readyState !== client.OPEN) return;
  client.send(message);
  while (client.bufferedAmount > waitingBytes && client.readyState === client.OPEN) await sleep(drainLookMs);
}

/** Proxies and tunnels in between see that somebody is there. */
async function beat(client: WebSocket, { isStillAllowed }: ChannelOptions): Promise<void> {
  const isAllowed = await isStillAllowed().catch(() => true);
  if (!isAllowed) client.terminate();
  else if (client.readyState === client.OPEN) client.ping();
}
