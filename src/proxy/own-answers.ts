/** Answers that the proxy gives itself. */
export interface OwnAnswer {
  readonly status: number;
  /** Short machine-readable reason; also tells an operator what happened. */
  readonly reason: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterS: number | null;
  /** Where the client should ask instead; null: nowhere. */
  readonly location: string | null;
  /** The whole body, in place of a page; null: a page. */
  readonly plainText: string | null;
}

export function ownAnswer(
  status: number,
  reason: string,
  title: string,
  detail: string,
  retryAfterS: number | null = null,
): OwnAnswer {
  return { status, reason, title, detail, retryAfterS, location: null, plainText: null };
}

const reasonPhrases: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

export function refusedRequest(status: number, reason: string): OwnAnswer {
  return ownAnswer(
    status,
    'bad-request',
    reasonPhrases[status] ?? 'Bad Request',
    `The request was refused: ${reason}.`,
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(answer: OwnAnswer): string {
  const reload = answer.retryAfterS === null ? '' : `<meta http-equiv="refresh" content="${answer.retryAfterS}">`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${reload}<title>${escapeHtml(answer.title)}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;color:#223}h1{font-size:1.5rem}small{color:#778}</style></head>
<body><h1>${escapeHtml(answer.title)}</h1><p>${escapeHtml(answer.detail)}</p><small>${answer.status} ${escapeHtml(answer.reason)}</small></body></html>
`;
}

/** What an answer of our own consists of. `fields`: field lines, each with CRLF. */
export interface AnswerParts {
  readonly fields: string;
  readonly body: Buffer;
}

/** A page for those who accept HTML, problem details (RFC 9457) for all others. */
export function answerParts(answer: OwnAnswer, accept: string): AnswerParts {
  const [type, text] = answerContent(answer, accept);
  const body = Buffer.from(text);
  const fields =
    `content-type: ${type}\r\ncontent-length: ${body.length}\r\n` +
    (answer.location === null ? 'cache-control: no-store\r\n' : `location: ${answer.location}\r\n`) +
    (answer.retryAfterS === null ? '' : `retry-after: ${answer.retryAfterS}\r\n`);
  return { fields, body };
}

function answerContent(answer: OwnAnswer, accept: string): readonly [type: string, text: string] {
  if (answer.plainText !== null) return ['text/plain', answer.plainText];
  if (accept.includes('text/html')) return ['text/html; charset=utf-8', page(answer)];
  const { title, status, detail, reason } = answer;
  return ['application/problem+json', `${JSON.stringify({ type: 'about:blank', title, status, detail, reason })}\n`];
}

/** The whole answer in HTTP/1.1. `closes` adds `Connection: close`. */
export function renderAnswer(answer: OwnAnswer, accept: string, isHead: boolean, closes: boolean): Buffer {
  const { fields, body } = answerParts(answer, accept);
  const head =
    `HTTP/1.1 ${answer.status} ${reasonPhrases[answer.status] ?? 'Error'}\r\n${fields}` +
    (closes ? 'connection: close\r\n\r\n' : '\r\n');
  return isHead ? Buffer.from(head) : Buffer.concat([Buffer.from(head), body]);
}
