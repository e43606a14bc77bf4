import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { LotseError } from '../../../core/errors.ts';
import { readDockerIgnore } from './docker-ignore.ts';
import { filterTar } from './filter-tar.ts';

const run = promisify(execFile);

/** What was seen in a source before the engine gets it. */
export interface ImageSource {
  readonly tar: string;
  /** The Dockerfile says something that only BuildKit understands. */
  readonly needsBuildKit: boolean;
  /** Null: there is none. */
  readonly dockerIgnore: string | null;
}

/** Errors: `bad-input` for what is no tar, leads out of its folder, or has no Dockerfile at its root. */
export async function readImageSource(tar: string): Promise<ImageSource> {
  const names = await listNames(tar);
  const bad = names.find((name) => name.startsWith('/') || name.split('/').includes('..'));
  if (bad !== undefined) {
    throw new LotseError('bad-input', `The source holds "${bad}", a path that leads out of the app's folder.`, {
      hint: 'Pack the source with paths relative to the folder of lotse.yaml.',
    });
  }
  const dockerfile = nameOf(names, 'Dockerfile');
  if (dockerfile === null) throw noDockerfile(names);
  const ignore = nameOf(names, '.dockerignore');
  const text = await readText(tar, dockerfile);
  return {
    tar,
    needsBuildKit: onlyForBuildKit.some((pattern) => pattern.test(text)),
    dockerIgnore: ignore === null ? null : await readText(tar, ignore),
  };
}

/** The source without what its `.dockerignore` names: engines leave that to whoever sends the source. */
export function openFiltered(source: ImageSource): Readable {
  const file = createReadStream(source.tar);
  if (source.dockerIgnore === null) return file;
  return Readable.from(filterTar(file, readDockerIgnore(source.dockerIgnore)));
}

/** What the classic builder does not understand. */
const onlyForBuildKit: readonly RegExp[] = [
  /^\s*#\s*syntax\s*=/im, // A language of the Dockerfile's own choice.
  /^\s*RUN\s+(?:--\S+\s+)*--(?:mount|network|security)=/im,
  /^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*--(?:link|chmod|exclude|parents)\b/im,
  /^\s*(?:RUN|COPY|ADD)\b.*(?<!<)<<-?["']?[a-z_]/im, // A here-document.
];

function noDockerfile(names: readonly string[]): LotseError {
  const elsewhere = names.filter((name) => /(?:^|\/)(?:Dockerfile|Containerfile)[^/]*$/i.test(name));
  const found = elsewhere.length === 0 ? '' : ` There is ${elsewhere.slice(0, 3).join(', ')}, which is not looked at.`;
  return new LotseError('bad-input', `The app has no Dockerfile beside its lotse.yaml.${found}`, {
    hint: 'Write one that builds the image of the app, or say `target: process` to run it without containers.',
  });
}

/** As it is written in the tar, for tar(1); null: there is no such file at the root. */
function nameOf(names: readonly string[], file: string): string | null {
  return names.find((name) => name === file || name === `./${file}`) ?? null;
}

async function readText(tar: string, name: string): Promise<string> {
  const { stdout } = await run('tar', ['-x', '-O', '-f', tar, '--', name], { maxBuffer: 16 * 2 ** 20 });
  return stdout;
}

async function listNames(tar: string): Promise<readonly string[]> {
  await lstat(tar).catch((cause: unknown) => {
    throw new LotseError('bad-input', `There is no source at ${tar}.`, { cause });
  });
  try {
    const { stdout } = await run('tar', ['-t', '-f', tar], { maxBuffer: 256 * 2 ** 20 });
    return stdout.split('\n').filter(Boolean);
  } catch (cause) {
    throw new LotseError('bad-input', 'The source is not a readable tar file.', { cause });
  }
}
