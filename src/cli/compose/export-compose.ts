import type { AppManifest, EnvironmentDefinition } from '../../manifest/app-manifest.ts';
import { missingConfig, type ConfigOverride } from '../../manifest/environment-config.ts';
import type { DockerfileFacts, PackageFile } from '../init/folder-facts.ts';
import { scalar } from '../init/yaml-scalar.ts';
import { exportNotes } from './export-notes.ts';
import { exportedParts, type ExportedPart } from './exported-parts.ts';
import { partLines } from './write-compose-part.ts';

/** What lies beside the manifest, as far as images are made of it. */
export interface ExportWorld {
  /** The release that it is written from; null for the working tree. */
  readonly release: string | null;
  /** What people have set for the environment, beside the file. */
  readonly set: readonly ConfigOverride[];
  /** `.` or `apps/web`. */
  dockerfileIn(root: string): DockerfileFacts | null;
  readonly packageFile: PackageFile | null;
  /** `npm`, `pnpm`, … by the lockfile; null without one. */
  readonly lockfile: string | null;
}

export interface ComposeExport {
  readonly text: string;
  /** `.env.example`; null when there is nothing to fill in. */
  readonly envExample: string | null;
  /** What Compose has no equivalent for, a sentence each. */
  readonly notes: readonly string[];
}

/** An environment as a compose file. Pure. Values that look like secrets are left to `.env`, where a person fills them in. */
export function exportCompose(
  manifest: AppManifest,
  environment: EnvironmentDefinition,
  world: ExportWorld,
): ComposeExport {
  const parts = exportedParts(manifest, environment, world);
  const from = world.release === null ? 'from lotse.yaml as it lies here' : `from release ${world.release}`;
  const names = [...new Set(parts.flatMap((part) => part.asked))].toSorted();
  const isShared = parts.some(({ image }) => image.kind === 'inline');
  const sections = [
    [
      `# ${manifest.app} as it runs in ${environment.environment}: written by \`lotse export compose\` ${from}.`,
      ...(names.length === 0 ? [] : ['# Copy .env.example to .env and fill it in first.']),
      `name: ${scalar(manifest.app)}`,
    ],
    isShared ? inlineImage(world, manifest) : [],
    ['services:', ...parts.flatMap((part) => ['', ...partLines(part)]).slice(1)],
    volumeLines(manifest),
  ];
  const missing = missingConfig(manifest, environment, world.set).map(({ variable }) => variable);
  return {
    text: `${sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n')}\n`,
    envExample: names.length === 0 ? null : envExample(names, parts, { missing, secrets: manifest.secrets }),
    notes: exportNotes(manifest, environment, parts),
  };
}

function inlineImage({ packageFile, lockfile }: ExportWorld, manifest: AppManifest): readonly string[] {
  const build = manifest.build.argv === null ? `${lockfile ?? 'npm'} run build` : manifest.build.argv.join(' ');
  const hasBuild = manifest.build.argv !== null || packageFile?.scripts.build !== undefined;
  const lines =
    packageFile === null
      ? [
          'FROM debian:stable-slim',
          'WORKDIR /app',
          'COPY . .',
          ...(manifest.build.argv === null ? [] : [`RUN ${build}`]),
        ]
      : [
          'FROM node:24-slim',
          'WORKDIR /app',
          'COPY . .',
          `RUN ${installLine(lockfile)}`,
          ...(hasBuild ? [`RUN ${build}`] : []),
        ];
  return [
    '# There is no Dockerfile, so the image is described here; one of your own is better.',
    'x-image: &image',
    '  context: .',
    '  dockerfile_inline: |',
    ...lines.map((line) => `    ${line.replaceAll('$', '$$$$').replaceAll(/[\r\n]+/g, ' ')}`),
  ];
}

function installLine(lockfile: string | null): string {
  switch (lockfile) {
    case 'pnpm':
      return 'corepack enable && pnpm install --frozen-lockfile';
    case 'yarn':
      return 'corepack enable && yarn install --immutable';
    case 'bun':
      return 'npm install --global bun && bun install --frozen-lockfile';
    case 'npm':
      return 'npm ci';
    default:
      return 'npm install';
  }
}

function volumeLines({ stores }: AppManifest): readonly string[] {
  const names = Object.keys(stores);
  return names.length === 0 ? [] : ['volumes:', ...names.map((name) => `  ${name}:`)];
}

function envExample(
  names: readonly string[],
  parts: readonly ExportedPart[],
  { missing, secrets }: Readonly<Record<'missing' | 'secrets', readonly string[]>>,
): string {
  const lines = names.map((name) => {
    const users = parts.filter(({ asked }) => asked.includes(name)).map((part) => part.name);
    const isSecret = secrets.includes(name);
    const guess = missing.includes(name)
      ? 'lotse.yaml gives no value'
      : 'looks like a secret, so its value was not copied';
    const why = isSecret ? 'a secret, whose value is in the vault of Lotse alone' : guess;
    return `# ${users.join(', ')}: ${why}\n${name}=`;
  });
  return `# What compose.yaml asks for. Copy this file to .env, fill it in, and keep it out of git.\n\n${lines.join('\n\n')}\n`;
}
