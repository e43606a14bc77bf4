/** Answers that the proxy gives itself. */
export interface OwnAnswer {
  readonly status: number;
  /** Short machine-readable reason; also tells an operator what happened. */
  readonly reason: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterS: number | null;
}

export function ownAnswer(
  status: number,
  reason: string,
  title: string,
  detail: string,
  retryAfterS: number | null = null,
): OwnAnswer {
  return { status, reason, title, detail, retryAfterS };
}

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
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

/** The whole answer: a page for those who accept HTML, problem details (RFC 9457) for all others. `closes` adds `Connection: close`. */
export function renderAnswer(answer: OwnAnswer, accept: string, isHead: boolean, closes: boolean): Buffer {
  const wantsHtml = accept.includes('text/html');
  const body = wantsHtml
    ? page(answer)
    : `${JSON.stringify({ type: 'about:blank', title: answer.title, status: answer.status, detail: answer.detail, reason: answer.reason })}\n`;
  const bytes = Buffer.from(body);
  const head =
    `HTTP/1.1 ${answer.status} ${reasonPhrases[answer.status] ?? 'Error'}\r\n` +
    `content-type: ${wantsHtml ? 'text/html; charset=utf-8' : 'application/problem+json'}\r\n` +
    `content-length: ${bytes.length}\r\ncache-control: no-store\r\n` +
    (answer.retryAfterS === null ? '' : `retry-after: ${answer.retryAfterS}\r\n`) +
    (closes ? 'connection: close\r\n\r\n' : '\r\n');
  return isHead ? Buffer.from(head) : Buffer.concat([Buffer.from(head), bytes]);
}
