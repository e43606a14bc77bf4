import { parse as parseYaml } from 'yaml';
import type { DockerfileFacts, PackageFile, ProcfileLine } from './folder-facts.ts';
import { quoteWords } from './run-line.ts';

/** Null for what is no package.json. */
export function parsePackageFile(text: string): PackageFile | null {
  const value = parseObject(text);
  if (value === null) return null;
  const { name, main, scripts, dependencies, workspaces } = value;
  const members = isRecord(workspaces) ? workspaces.packages : workspaces;
  return {
    name: typeof name === 'string' && name !== '' ? name : null,
    main: typeof main === 'string' && main !== '' ? main : null,
    scripts: textsOf(scripts),
    dependencies: isRecord(dependencies) ? Object.keys(dependencies) : [],
    workspaces: Array.isArray(members) ? members.filter((each) => typeof each === 'string') : [],
  };
}

/** The `packages` of pnpm-workspace.yaml. */
export function parsePnpmWorkspace(text: string): readonly string[] {
  try {
    const value: unknown = parseYaml(text);
    const packages = isRecord(value) ? value.packages : null;
    return Array.isArray(packages) ? packages.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

/** `web: node server.js` lines (devcenter.heroku.com/articles/procfile). */
export function parseProcfile(text: string): readonly ProcfileLine[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/.exec(line);
    return found === null ? [] : [{ name: found[1] ?? '', command: found[2] ?? '' }];
  });
}

/** The last stage's EXPOSE, WORKDIR, ENTRYPOINT and CMD; without variables, which only a build knows. */
export function parseDockerfile(text: string): DockerfileFacts {
  const lines = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/);
  const stages = new Set<string>();
  let facts: Omit<DockerfileFacts, 'command'> = noStage;
  for (const line of lines) {
    const [, instruction = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.*\S)\s*$/.exec(line) ?? [];
    switch (instruction.toUpperCase()) {
      case 'FROM': {
        const [, image = '', stage] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(rest) ?? [];
        facts = { ...noStage, image: stages.has(image.toLowerCase()) ? null : image };
        if (stage !== undefined) stages.add(stage.toLowerCase());
        break;
      }
      case 'EXPOSE':
        facts = { ...facts, port: facts.port ?? exposedPort(rest) };
        break;
      case 'WORKDIR':
        facts = { ...facts, workdir: /^\/[\w./-]*$/.test(rest) ? rest.replace(/(.)\/+$/, '$1') : null };
        break;
      case 'ENTRYPOINT':
        facts = { ...facts, entrypoint: commandOf(rest) };
        break;
      case 'CMD':
        facts = { ...facts, cmd: commandOf(rest) };
        break;
    }
  }
  const command = [facts.entrypoint, facts.cmd].filter((part) => part !== null).join(' ');
  return { ...facts, command: command === '' ? null : command };
}

const noStage = { image: null, port: null, workdir: null, entrypoint: null, cmd: null };

function exposedPort(rest: string): number | null {
  const port = Number.parseInt(rest, 10);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** The list form is an argument vector, the other one a line for a shell. */
function commandOf(written: string): string | null {
  if (!written.startsWith('[')) return written;
  try {
    const value: unknown = JSON.parse(written);
    return Array.isArray(value) ? quoteWords(value.map(String)) : null;
  } catch {
    return null;
  }
}

export function parseIgnoreFile(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('!'));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
