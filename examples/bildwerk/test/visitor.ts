import { request as sendRequest } from 'node:http';
import { request as sendSecureRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';

export type Answer = { readonly status: number; readonly body: Buffer };
type Body = { readonly type: string; readonly content: Buffer };

/**
 * A person with a browser, for stories: keeps the cookie, sends forms and files, asks for data instead of pages. Each
 * request is given up after ten seconds, and connection errors say where it was going.
 */
export class Visitor {
  readonly #baseUrl: URL;
  #cookie: string | undefined;

  constructor(baseUrl: string) {
    this.#baseUrl = new URL(baseUrl);
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path, undefined);
  }

  postForm(path: string, fields: { readonly [name: string]: string }): Promise<Answer> {
    const content = Buffer.from(new URLSearchParams(fields).toString());
    return this.#send('POST', path, { type: 'application/x-www-form-urlencoded', content });
  }

  postFile(path: string, name: string, type: string, content: Buffer): Promise<Answer> {
    const boundary = `story-${Date.now().toString(36)}`;
    const head =
      `--${boundary}\r\ncontent-disposition: form-data; name="picture"; filename="${name}"\r\n` +
      `content-type: ${type}\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    return this.#send('POST', path, { type: `multipart/form-data; boundary=${boundary}`, content: whole });
  }

  async #send(method: string, path: string, body: Body | undefined): Promise<Answer> {
    const url = new URL(path, this.#baseUrl);
    const request = (url.protocol === 'https:' ? sendSecureRequest : sendRequest)(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(this.#cookie === undefined ? {} : { cookie: this.#cookie }),
        ...(body === undefined ? {} : { 'content-type': body.type, 'content-length': body.content.length }),
      },
      signal: AbortSignal.timeout(10_000),
    });
    const answered = Promise.withResolvers<IncomingMessage>();
    request.once('response', answered.resolve);
    request.once('error', (error) => {
      answered.reject(
        new Error(`${method} ${url.href}: ${error.name === 'AbortError' ? 'no answer in 10 s' : error.message}`),
      );
    });
    request.end(body?.content);
    const response = await answered.promise;
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(Buffer.from(part));
    this.#keepCookie(response.headers['set-cookie'] ?? []);
    return { status: response.statusCode ?? 0, body: Buffer.concat(parts) };
  }

  #keepCookie(headers: readonly string[]): void {
    const cookies = headers.map((header) => header.split(';')[0] ?? '');
    this.#cookie = cookies.find((cookie) => cookie.startsWith('bildwerk_session=')) ?? this.#cookie;
  }
}
