import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket as WsClient } from 'ws';

/** One WebSocket or event stream, from its beginning to its end, as the client saw it. */
export interface Seen {
  readonly id: string;
  /** What the app said, e.g. `release 7`. */
  readonly heard: string[];
  /** When each number was sent. */
  readonly saidAtMs: number[];
  /** Of a WebSocket; 0 for an event stream that ended in good order, -1 for one that did not. */
  code: number;
  closedAtMs: number;
}

const everyMs = 20;

/** A client that comes again whenever it is sent away, until it is told to stop. */
export abstract class ReturningClient {
  readonly seen: Seen[] = [];
  /** The one under way. */
  now: Seen | null = null;
  /** Tries that did not come to a connection. */
  readonly failures: string[] = [];
  protected readonly port: number;
  readonly #name: string;
  #isStopping = false;
  #over: Promise<void> = Promise.resolve();

  constructor(name: string, port: number) {
    this.#name = name;
    this.port = port;
  }

  start(): void {
    this.#over = this.#goOn();
  }

  async #goOn(): Promise<void> {
    while (!this.#isStopping) {
      const id = `${this.#name}-${this.seen.length + this.failures.length}`;
      const seen: Seen = { id, heard: [], saidAtMs: [], code: 0, closedAtMs: 0 };
      this.now = seen;
      try {
        await this.visit(seen);
        seen.closedAtMs = Date.now();
        this.seen.push(seen);
      } catch (error) {
        this.failures.push(String(error));
        await sleep(50);
      }
    }
  }

  /** From the connection to its end; rejects when there was none. */
  protected abstract visit(seen: Seen): Promise<void>;
  protected abstract leave(): void;

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.leave();
    await this.#over;
  }
}

/** Says a number now and then and listens; `ws` or the WebSocket of Node.js. */
export class TalkClient extends ReturningClient {
  readonly #isBuiltIn: boolean;
  #leave: () => void = () => {};

  constructor(name: string, port: number, isBuiltIn: boolean) {
    super(name, port);
    this.#isBuiltIn = isBuiltIn;
  }

  protected visit(seen: Seen): Promise<void> {
    const url = `ws://127.0.0.1:${this.port}/live?id=${seen.id}`;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const talk = (socket: Pick<WebSocket, 'readyState' | 'send'>) => {
        timer = setInterval(() => {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.send(String(seen.saidAtMs.length));
          seen.saidAtMs.push(Date.now());
        }, everyMs);
      };
      const ended = (code: number) => {
        clearInterval(timer);
        seen.code = code;
        if (seen.heard.length === 0) reject(new Error(`closed with ${code} before the first word`));
        else resolve();
      };
      if (this.#isBuiltIn) {
        const socket = new WebSocket(url);
        this.#leave = () => socket.close(1000);
        socket.onopen = () => talk(socket);
        socket.onmessage = ({ data }) => void seen.heard.push(String(data));
        socket.onclose = ({ code }) => ended(code);
      } else {
        const socket = new WsClient(url);
        this.#leave = () => socket.close(1000);
        socket.on('open', () => talk(socket));
        socket.on('message', (data) => seen.heard.push(String(data)));
        socket.on('error', reject);
        socket.on('close', ended);
      }
    });
  }

  protected leave(): void {
    this.#leave();
  }
}

/** Reads events as a browser does: only whole ones count, and the next stream goes on behind the last. */
export class EventsClient extends ReturningClient {
  #last = -1;
  #answer: IncomingMessage | null = null;

  protected visit(seen: Seen): Promise<void> {
    const headers = this.#last < 0 ? {} : { 'last-event-id': String(this.#last) };
    return new Promise((resolve, reject) => {
      const asked = request({ port: this.port, host: '127.0.0.1', path: `/events?id=${seen.id}`, headers });
      asked.on('error', reject);
      asked.on('response', (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`HTTP ${answer.statusCode}`));
        this.#answer = answer;
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          const events = (text + part).split('\n\n');
          text = events.pop() ?? '';
          for (const event of events) this.#read(event, seen);
        });
        answer.on('error', () => {});
        answer.on('close', () => {
          seen.code = answer.complete && text === '' ? 0 : -1;
          resolve();
        });
      });
      asked.end();
    });
  }

  #read(event: string, seen: Seen): void {
    const [, id = '', release = ''] = /^id: (\d+)\ndata: (.*)$/.exec(event) ?? [];
    this.#last = Number(id);
    seen.heard.push(`${release} ${id}`);
  }

  protected leave(): void {
    this.#answer?.destroy();
  }
}
