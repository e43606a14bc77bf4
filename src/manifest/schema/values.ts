import { z } from 'zod';
import {
  durationPattern,
  percentPattern,
  readDurationMs,
  readPercent,
  readSizeBytes,
  sizePattern,
} from '../../core/quantities.ts';
import type { Stickiness } from '../../core/routing-document.ts';
import { splitCommand } from '../command.ts';
import { hoursPattern, readHoursWindow } from '../hours.ts';
import { cronProblem } from '../job-schedule.ts';
import { domainPattern, namePattern, reservedNames, variablePattern } from '../names.ts';

/**
 * The values that people write. In every schema of this folder the `error` text says what was EXPECTED, as it completes
 * "expected …"; issues added by hand (code `custom`) are whole sentences.
 */

function text(expected: string) {
  return z.string({ error: expected });
}

/** Text of a pattern that a reader turns into a value; null from the reader counts as a mismatch. */
function readText<T>(expected: string, pattern: RegExp, read: (text: string) => T | null) {
  return text(expected)
    .regex(pattern, { error: expected })
    .transform((written, context): T => {
      const value = read(written);
      if (value !== null) return value;
      context.addIssue({ code: 'invalid_format', format: 'regex', message: expected, input: written });
      return z.NEVER;
    });
}

export const duration = readText('a duration such as 30s, 10m or 1h30m', durationPattern, readDurationMs).meta({
  id: 'Duration',
  description: 'A number and a unit: w, d, h, m, s or ms. Several go from large to small (`1h30m`).',
  samples: ['30s', '10m', '1h30m', '800ms'],
});

export const size = readText('a size such as 512 MB or 2 GiB, at least 1 MB', sizePattern, (written) => {
  const bytes = readSizeBytes(written);
  return bytes === null || bytes < 1_000_000 ? null : bytes;
}).meta({
  id: 'Size',
  description: 'A number and a unit. KB, MB, GB, TB count in thousands; KiB, MiB, GiB, TiB in 1024s.',
  samples: ['512 MB', '2 GiB'],
});

export const percent = readText('a percentage such as 1% or 0.5%', percentPattern, readPercent).meta({
  id: 'Percent',
  description: 'A number from 0 to 100 with at most three decimals, and `%`.',
  samples: ['1%', '0.5%'],
});

const commandText = text('a command').transform((written, context): readonly [string, ...string[]] => {
  const split = splitCommand(written);
  if ('argv' in split) return split.argv;
  context.addIssue({ code: 'custom', message: split.refused, input: written });
  return z.NEVER;
});

const argument = text('text (write numbers in quotes)');
const argv = z.tuple([argument.min(1, { error: 'the program to start' })], argument);

export const command = z.union([commandText, argv], { error: 'a command as text, or as a list of its words' }).meta({
  id: 'Command',
  description:
    'A command and its arguments, as one text or as a list of words. A text is split at spaces, without a shell: ' +
    "quotes and backslashes keep words together; what only a shell understands is refused. Write `sh -c '…'` for a shell.",
  samples: ['node server.ts', ['node', 'server.ts'], "sh -c 'node a.ts | tee b.log'"],
});

/** One text is one command; a list is several, each as one text or as a list of its words. */
export const commands = z.union(
  [commandText.transform((one) => [one]), z.array(command).min(1, { error: 'at least one command' })],
  { error: 'a command as text, or a list of commands' },
);

export const name = text('a name: lower-case letters, digits and -, first a letter, at most 40 characters')
  .regex(namePattern, { error: 'a name: lower-case letters, digits and -, first a letter, at most 40 characters' })
  .refine((written) => !reservedNames.includes(written), {
    error: `a name other than ${reservedNames.join(', ')}, which mean something else`,
  })
  .meta({
    id: 'Name',
    description: `Lower-case letters, digits and \`-\`, first a letter, at most 40 characters. Reserved: ${reservedNames.join(', ')}.`,
    samples: ['shop', 'image-resizer'],
  });

/** A name without the rule about reserved words: for references, which are checked against what is there. */
export const reference = text('a name').regex(namePattern, { error: 'a name' });

export const variable = text('a variable name such as LOG_LEVEL')
  .regex(variablePattern, { error: 'a variable name such as LOG_LEVEL' })
  .meta({
    id: 'Variable',
    description: 'A name of a variable: letters, digits and `_`, first no digit. PORT, BASE_URL and LOTSE_… are taken.',
    samples: ['LOG_LEVEL'],
  });

export const domainExpected = 'a domain such as shop.example (lower case, no scheme, no port, no *)';
export const domain = text(domainExpected)
  .regex(domainPattern, { error: domainExpected })
  .meta({
    id: 'Domain',
    description: 'A name on the internet in lower case, without scheme, port or `*`; other alphabets as `xn--…`.',
    samples: ['shop.example'],
  });

const hoursExpected = 'hours such as Mon-Thu 09:00-16:00, that begin before they end';
export const hoursWindow = readText(hoursExpected, hoursPattern, readHoursWindow).meta({
  id: 'Hours',
  description:
    'Days and a stretch of the day, in the app’s timezone: `Mon-Thu 09:00-16:00`, `Mon,Wed 10:00-12:00`; without days: ' +
    'every day. It ends on the same day, at 24:00 at the latest; write two for a night.',
  samples: ['Mon-Thu 09:00-16:00'],
});

const cronExpected = 'a schedule such as "30 3 * * *": minute, hour, day, month, weekday';
export const cron = text(cronExpected)
  .min(1, { error: cronExpected })
  .max(200, { error: cronExpected })
  .refine((written) => cronProblem(written) === null, {
    error: ({ input }) => `${cronExpected} (${cronProblem(String(input)) ?? ''})`,
  });

const folderExpected = 'a path inside the app’s folder, without .. and not beginning with /';
/** Normalized: no `./` in front, no `/` behind; `.` is the app's folder itself. */
export const relativePath = text(folderExpected)
  .regex(/^(?![/~])(?!(?:.*\/)?\.\.(?:\/|$))[^\\\n]{1,400}$/, { error: folderExpected })
  .transform(
    (written) =>
      written
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .join('/') || '.',
  )
  .meta({ id: 'RelativePath', description: 'A path inside the app’s folder, without `..`.', samples: ['apps/web'] });

const prefixExpected = 'a path that begins with /, such as /api';
/** A prefix that requests are sorted by. Normalized: no `/` at the end but for `/` itself. */
export const pathPrefix = text(prefixExpected)
  .regex(/^\/(?!(?:.*\/)?\.\.?(?:\/|$))(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*\/?)?$/, { error: prefixExpected })
  .transform((written) => (written === '/' ? '/' : written.replace(/\/$/, '')));

const stickinessExpected = 'cookie, address, none or `header` and a name, such as header x-account';
/** What Lotse takes out of a request, or writes itself: nothing that a client could be told by. */
const ownHeader =
  /^(?:lotse-.*|x-forwarded-.*|x-request-id|forwarded|connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade|host|content-length|expect|cookie)$/;
export const stickiness = text(stickinessExpected)
  .regex(/^(?:cookie|address|none|header +[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})$/, { error: stickinessExpected })
  .transform((written, context): Stickiness => {
    if (written === 'cookie' || written === 'address' || written === 'none') return { kind: written };
    const name = written.replace(/^header +/, '').toLowerCase();
    if (ownHeader.test(name))
      context.addIssue({ code: 'custom', message: `${name} does not tell one visitor from another`, input: written });
    return { kind: 'header', name };
  });

const registryExpected = 'a registry such as ghcr.io or registry.example:5000 (lower case, no scheme, no path)';
/** As an image's name begins with it. Docker Hub is `docker.io`. */
export const registryHost = text(registryExpected).regex(
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::\d{1,5})?$/,
  { error: registryExpected },
);

/** What an HTTP check asks for; may carry a query. */
export const requestPath = text('a path that begins with /, such as /up').regex(/^\/[!"$-~]*$/, {
  error: 'a path that begins with /, such as /up',
});

/** The API that is asked lies below it: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export const prometheusUrl = text('a URL such as http://127.0.0.1:9090').regex(/^https?:\/\/[^\s/?#]+[^\s?#]*$/, {
  error: 'a URL such as http://127.0.0.1:9090',
});

export function wholeNumber(least: number, most: number, expected: string) {
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

export function numberAbove(least: number, most: number, expected: string) {
  return z.number({ error: expected }).gt(least, { error: expected }).max(most, { error: expected });
}

export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, {
    error: words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  });
}

/** One, or a list of them; read as a list. */
export function oneOrMore<S extends z.ZodType>(item: S, expected: string) {
  return z.union([item.transform((one) => [one]), z.array(item).min(1, { error: expected })], { error: expected });
}

export function mapping<S extends z.core.$ZodLooseShape>(shape: S, expected: string) {
  return z.strictObject(shape, { error: expected });
}

export function record<K extends z.ZodType<string, string>, V extends z.ZodType>(keys: K, values: V, expected: string) {
  return z.record(keys, values, { error: expected });
}

export function nonEmptyText(expected: string) {
  return text(expected).min(1, { error: expected }).max(2000, { error: expected });
}
