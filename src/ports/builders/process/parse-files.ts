import type { Artifact } from '../builders.ts';

/** What is kept of an artifact: written by this builder only, whole or not at all. */
export interface ArtifactRecord {
  readonly format: 1;
  readonly artifact: Artifact;
  /** Name of its folder below the app's. */
  readonly folder: string;
}

export function parseArtifactRecord(text: string): ArtifactRecord {
  return JSON.parse(text) as ArtifactRecord;
}

/** What a build needs to know of a package.json (docs.npmjs.com/cli/configuring-npm/package-json). */
export interface PackageFile {
  readonly scripts: Readonly<Record<string, string>>;
  readonly hasDependencies: boolean;
  readonly hasWorkspaces: boolean;
}

/** Null when it is not a JSON object. */
export function parsePackageFile(text: string): PackageFile | null {
  try {
    const found = JSON.parse(text) as Record<string, unknown> | null;
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return null;
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
    return {
      scripts: isObject(found['scripts']) ? (found['scripts'] as Record<string, string>) : {},
      hasDependencies: kinds.some((kind) => isObject(found[kind]) && Object.keys(found[kind]).length > 0),
      hasWorkspaces: found['workspaces'] !== undefined,
    };
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
