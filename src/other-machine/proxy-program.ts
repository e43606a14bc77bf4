import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { writeTar } from './write-tar.ts';
import type { TarFile } from './write-tar.ts';

/** What the proxy and the agent on another machine consist of. They use no npm package. */
export interface ProxyProgram {
  /** Names the content; part of its paths there. */
  readonly id: string;
  /** Absolute paths inside the container. */
  readonly folder: string;
  readonly proxyEntry: string;
  readonly agentEntry: string;
  /** Is there when all of it is. */
  readonly mark: string;
  /** A tar to be unpacked at `/`. */
  readonly tar: () => Buffer;
}

const folders = ['core', 'proxy', 'other-machine/agent'];
const ownSource = join(import.meta.dirname, '..');
const isProgramFile = (name: string): boolean =>
  /\.[jt]s$/.test(name) && !/\.test\.[jt]s$|\.d\.ts$|^fixtures\//.test(name);

/** Reads the files of this build. `source`: a folder like `src`. */
export function readProxyProgram(source = ownSource): ProxyProgram {
  const { name, version, type } = packageJson;
  const files: readonly TarFile[] = [
    { path: 'package.json', content: JSON.stringify({ name, version, type }) },
    ...folders.flatMap((folder) =>
      readdirSync(join(source, folder), { encoding: 'utf8', recursive: true })
        .filter(isProgramFile)
        .sort()
        .map((file) => ({ path: `src/${folder}/${file}`, content: readFileSync(join(source, folder, file)) })),
    ),
  ];
  const digest = createHash('sha256');
  for (const { path, content } of files) digest.update(`${path}\0${content.length}\0`).update(content);
  const id = digest.digest('hex').slice(0, 12);
  const folder = `/lotse/programs/${id}`;
  const mark = `${folder}/complete`;
  const placed = files.map((file) => ({ ...file, path: `${folder}/${file.path}`.slice(1) }));
  return {
    ...{ id, folder, mark },
    proxyEntry: `${folder}/src/proxy/proxy.ts`,
    agentEntry: `${folder}/src/other-machine/agent/agent.ts`,
    tar: () => writeTar([...placed, { path: mark.slice(1), content: '' }]),
  };
}
