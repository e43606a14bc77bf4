import type { ErrorCode, ErrorDetails } from '../core/errors.ts';
import { LotseError } from '../core/errors.ts';

/**
 * What was wrong, finer than an error code, for callers that act on it.
 * `absent`: nobody listens. `closed`: the connection ended in the middle; what was asked for may have happened or not.
 * `late`: no answer within the deadline; likewise. `failed`: the engine tried and could not.
 */
export type EngineFailure =
  | 'absent'
  | 'closed'
  | 'late'
  | 'forbidden'
  | 'too-old'
  | 'bad-request'
  | 'not-found'
  | 'conflict'
  | 'no-space'
  | 'no-memory'
  | 'port-taken'
  | 'registry'
  | 'failed';

/** What the Docker engine refused, or that it could not be asked. */
export class EngineError extends LotseError {
  readonly failure: EngineFailure;
  /** Of the engine's answer (HTTP); null: there was none, or it came in the middle of a stream. */
  readonly status: number | null;

  constructor(failure: EngineFailure, message: string, more: ErrorDetails & { readonly status?: number } = {}) {
    super(codes[failure], message, { ...meanings[failure], ...more });
    this.name = 'EngineError';
    this.failure = failure;
    this.status = more.status ?? null;
  }
}

const codes: Readonly<Record<EngineFailure, ErrorCode>> = {
  absent: 'unreachable',
  closed: 'unreachable',
  late: 'timeout',
  forbidden: 'forbidden',
  'too-old': 'unreachable',
  'bad-request': 'bad-input',
  'not-found': 'not-found',
  conflict: 'conflict',
  'no-space': 'disk-full',
  'no-memory': 'unreachable',
  'port-taken': 'port-taken',
  registry: 'unreachable',
  failed: 'unreachable',
};

const meanings: Readonly<Record<EngineFailure, Pick<ErrorDetails, 'hint' | 'retriable'>>> = {
  absent: { hint: 'Start Docker on that machine (`systemctl start docker`); what runs goes on.', retriable: true },
  closed: { hint: 'Docker was restarted or has crashed; its log says why (`journalctl -u docker`).', retriable: true },
  late: { hint: 'Docker hangs or is overloaded: `docker info`, its log (`journalctl -u docker`).', retriable: true },
  forbidden: { hint: 'Run Lotse as root, or as a user of the group `docker`.' },
  'too-old': { hint: 'Install Docker Engine 20.10 or newer.' },
  'bad-request': {},
  'not-found': {},
  conflict: {},
  'no-space': {
    hint: 'Free some space on the disk of Docker (`docker system df`), then repeat the command.',
    retriable: true,
  },
  'no-memory': { hint: 'Stop something on that machine, or give it more memory.', retriable: true },
  'port-taken': { hint: '`ss -ltnp` on that machine names who has the port.', retriable: true },
  registry: { hint: 'Look at the name after FROM, and whether its registry can be reached.', retriable: true },
  failed: { hint: "Docker's log says more (`journalctl -u docker`).", retriable: true },
};

/** An answer with a status of 400 or more. `text` is the engine's own message. */
export function refusal(status: number, text: string, asked: string): EngineError {
  const told = readText(text);
  return new EngineError(told?.failure ?? failureByStatus(status), `Docker refused ${asked}: ${text}`, {
    status,
    ...hintOf(told),
  });
}

/** A message in the middle of a stream (`errorDetail`). */
export function failureInStream(text: string, asked: string): EngineError {
  const told = readText(text);
  return new EngineError(told?.failure ?? 'failed', `Docker could not finish ${asked}: ${text}`, hintOf(told));
}

/** A connection that did not come about, or broke. `engine` is its address. */
export function connectionFailure(error: unknown, engine: string): LotseError {
  if (error instanceof LotseError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const text = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
      return new EngineError('absent', `No Docker engine answers at ${engine} (${code}).`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new EngineError('forbidden', `This user may not talk to the Docker engine at ${engine}.`, {
        cause: error,
      });
    default:
      return new EngineError('closed', `The connection to the Docker engine at ${engine} broke: ${text}.`, {
        cause: error,
      });
  }
}

interface Told {
  readonly words: RegExp;
  readonly failure: EngineFailure;
  /** In place of what is said of that failure in general. */
  readonly hint?: string;
}

/** An image that is there already is not asked for anywhere. */
const byHand = 'an image that is on the engine is used as it is';

/** The first that fits counts: a registry that refuses may say in the same breath that there may be no such image. */
const texts: readonly Told[] = [
  { words: /no space left on device|disk quota exceeded/i, failure: 'no-space' },
  { words: /cannot allocate memory|out of memory|not enough memory/i, failure: 'no-memory' },
  { words: /port is already allocated|address already in use|bind: address in use/i, failure: 'port-taken' },
  {
    words: /toomanyrequests|too many requests|parsing HTTP 429/i,
    failure: 'registry',
    hint: `The registry limits how often it may be asked: wait, or \`docker login\` and \`docker pull\` by hand (${byHand}).`,
  },
  {
    words:
      /pull access denied|unauthorized|no basic auth credentials|requested access .* denied|\b403 Forbidden|parsing HTTP 40[13]|\bdenied(?::|$)/i,
    failure: 'registry',
    hint: `Look at the name after FROM. If its registry wants credentials: \`docker login\` and \`docker pull\` by hand (${byHand}), or name them in \`build.registries\` of lotse.yaml.`,
  },
  {
    words:
      /manifest (?:for .* not found|unknown)|\bnot found: not found|name unknown|failed to create LLB definition: .* not found|failed to resolve source metadata .* not found/i,
    failure: 'registry',
    hint: 'The registry does not have that image: look at the name and the tag after FROM.',
  },
  {
    words: /(?:dial tcp|lookup) .*(?:refused|no such host|timeout|unreachable|misbehaving)|TLS handshake|x509:/i,
    failure: 'registry',
    hint: 'The engine cannot reach that registry: look at the name after FROM, and at name server, network and proxy of the engine.',
  },
];

/** A step of a build that fails names its command, which may say anything. */
const failedStep = /returned a non-zero code|did not complete successfully/;

function readText(text: string): Told | null {
  return failedStep.test(text) ? null : (texts.find(({ words }) => words.test(text)) ?? null);
}

function hintOf(told: Told | null): Pick<ErrorDetails, 'hint'> {
  return told?.hint === undefined ? {} : { hint: told.hint };
}

function failureByStatus(status: number): EngineFailure {
  if (status === 404) return 'not-found';
  if (status === 409) return 'conflict';
  if (status === 401 || status === 403) return 'forbidden';
  return status < 500 ? 'bad-request' : 'failed';
}
