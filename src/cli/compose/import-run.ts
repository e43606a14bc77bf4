import { splitCommand } from '../../manifest/command.ts';
import { asRunLine, quoteWords } from '../init/run-line.ts';
import type { ComposeWords } from './compose-app.ts';
import { isSecretName, isSecretValue } from './looks-secret.ts';
import type { PlacedService } from './place-services.ts';

export interface ImportedRun {
  readonly run: string;
  /** Where it comes from, for the comment. */
  readonly source: string;
  /** Secrets that it reads as variables. */
  readonly secrets: readonly string[];
  /** Secrets that stood in it and were replaced by variables. */
  readonly replaced: readonly string[];
}

/** Programs that only pass signals on, which the target does itself. */
const inits = /^(?:\/?(?:\w+\/)*)?(?:tini|dumb-init|catatonit)$/;

const nothing = { run: '', source: '', secrets: [], replaced: [] } as const;

/** What is run in its image, as arguments of its ENTRYPOINT; empty: what the image starts by itself. */
export function importImageRun(
  { service, dockerfile, ...placed }: PlacedService,
  needsOne: boolean,
): ImportedRun | null {
  const isSaid = service.command !== null || service.entrypoint !== null;
  if (!isSaid && !needsOne) return nothing;
  const plain = dockerfile === null ? null : { ...dockerfile, entrypoint: null };
  return importRun({ ...placed, service, dockerfile: plain }, null);
}

/** What starts it: entrypoint and command over the Dockerfile's, as Compose has it; null when nothing says so. */
export function importRun(placed: PlacedService, startScript: string | null): ImportedRun | null {
  const { service, dockerfile } = placed;
  const kept = [...(service.entrypoint?.kept ?? []), ...(service.command?.kept ?? [])];
  const entrypoint = service.entrypoint === null ? (dockerfile?.entrypoint ?? '') : lineOf(service.entrypoint);
  const cmd = service.entrypoint === null ? (dockerfile?.cmd ?? '') : '';
  const command = service.command === null ? cmd : lineOf(service.command);
  const line = inFolder(withoutInit(`${entrypoint} ${command}`.trim()), dockerfile?.workdir ?? null);
  const isOwn = service.command !== null || service.entrypoint !== null;
  if (line === '') {
    const script = startScript === null ? null : { run: startScript, source: 'its package.json has this script' };
    return script === null ? null : { ...script, secrets: [], replaced: [] };
  }
  const { text, replaced } = withoutSecrets(line, kept, service.name);
  const run = asRunLine(text);
  if (run.includes('\0') || !('argv' in splitCommand(run))) return null;
  const source = isOwn ? '' : 'what its Dockerfile starts';
  return { run, source, secrets: [...new Set([...kept, ...replaced])], replaced };
}

/** A program in the folder into which the Dockerfile copies the app is one of the app's folder. */
function inFolder(line: string, workdir: string | null): string {
  return workdir !== null && workdir !== '/' && line.startsWith(`${workdir}/`)
    ? `.${line.slice(workdir.length)}`
    : line;
}

function lineOf({ words, text, kept }: ComposeWords): string {
  if (words === null) return text ?? '';
  return words.map((word) => (holds(word, kept) ? doubleQuoted(word) : quoteWords([word]))).join(' ');
}

function holds(word: string, kept: readonly string[]): boolean {
  return kept.some((name) => word.includes(`\${${name}}`));
}

/** For a shell that puts the variables in and nothing else. */
function doubleQuoted(word: string): string {
  return `"${word.replaceAll(/["\\`]|\$(?!\{)/g, (character) => `\\${character}`)}"`;
}

function withoutInit(line: string): string {
  const split = splitCommand(line);
  if (!('argv' in split) || !inits.test(split.argv[0])) return line;
  const rest = split.argv.slice(1);
  const start = rest.findIndex((word) => !word.startsWith('-') || word === '--');
  return start < 0 ? line : quoteWords(rest.slice(rest[start] === '--' ? start + 1 : start));
}

/** A value that nobody should commit becomes a variable, which a shell puts in. */
function withoutSecrets(line: string, kept: readonly string[], service: string) {
  const split = splitCommand(line);
  const words = 'argv' in split ? split.argv.map((word) => quoteWords([word])) : line.split(/(?<=\s)(?=\S)/);
  const replaced: string[] = [];
  let option: string | null = null;
  const written = words.map((word) => {
    const [, before = '', inner = '', after = ''] = /^(['"]?)(.*?)(['"]?\s*)$/s.exec(word) ?? [];
    const [, name = '', value = ''] = /^-{0,2}([A-Za-z][\w-]*)=(.*)$/s.exec(inner) ?? [];
    const previous: string | null = option;
    option = /^-{1,2}[A-Za-z][\w-]*$/.test(inner) ? inner : null;
    if (holds(word, kept) || /\$\{?\w/.test(inner)) return word;
    if (value !== '' && (isOptionSecret(name) || isSecretValue(value))) {
      replaced.push(variableFor(name, service));
      return `${inner.slice(0, inner.length - value.length)}"\${${replaced.at(-1)}}"${after.replace(before, '')}`;
    }
    const isMeant = previous !== null && isOptionSecret(previous) && !inner.startsWith('-');
    if (inner === '' || (!isMeant && !isSecretValue(inner))) return word;
    replaced.push(variableFor(isMeant ? previous : '', service));
    return `"\${${replaced.at(-1)}}"${after.replace(before, '')}`;
  });
  if (replaced.length === 0) return { text: line, replaced };
  return { text: written.join('argv' in split ? ' ' : ''), replaced };
}

function isOptionSecret(name: string): boolean {
  const variable = name.replace(/^-+/, '').replaceAll('-', '_');
  return (isSecretName(variable) || /pass$/i.test(variable)) && !/_(?:file|path|dir)$/i.test(variable);
}

function variableFor(name: string, service: string): string {
  const word = name.replace(/^-+/, '') || `${service} secret`;
  const variable = word
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toUpperCase();
  return /^[A-Z]/.test(variable) ? variable.slice(0, 60) : `SECRET_${variable.slice(0, 50)}`;
}
