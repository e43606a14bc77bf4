import { createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { formsOf } from '../../../core/hidden-values.ts';
import type { Secret } from '../../../core/secret.ts';
import { pathsBelow } from './tree-digest.ts';

interface FoundValue {
  /** Of the secret. */
  readonly name: string;
  /** Relative to the root. */
  readonly path: string;
}

interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Which files below the root hold one of these values, in their content, their path or as the target of a link: as it is,
 * as base64, URL- or JSON-escaped. Values of less than six characters are not looked for: any file may hold them by chance.
 */
export async function findValues(
  root: string,
  values: readonly (readonly [string, Secret])[],
): Promise<readonly FoundValue[]> {
  const needles = values.flatMap(([name, secret]) => needlesOf(name, secret.reveal()));
  if (needles.length === 0) return [];
  const found: FoundValue[] = [];
  for (const path of (await pathsBelow(root, '')).toSorted()) {
    const name = nameIn(Buffer.from(path), needles) ?? (await nameBehind(join(root, path), needles));
    if (name !== null) found.push({ name, path });
  }
  return found;
}

/** Of a value of several lines only the whole: one line of a key, such as its first, is in many files. */
function needlesOf(name: string, value: string): readonly Needle[] {
  const whole = value.trim().length;
  return formsOf(value)
    .filter((form) => form.length >= whole)
    .map((form) => ({ name, bytes: Buffer.from(form) }));
}

function nameIn(bytes: Buffer, needles: readonly Needle[]): string | null {
  return needles.find((needle) => bytes.includes(needle.bytes))?.name ?? null;
}

async function nameBehind(path: string, needles: readonly Needle[]): Promise<string | null> {
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) return nameIn(Buffer.from(await readlink(path)), needles);
  if (!entry.isFile()) return null;
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const seen = Buffer.concat([rest, chunk]);
    const name = nameIn(seen, needles);
    if (name !== null) return name;
    rest = seen.subarray(Math.max(0, seen.length - overlap));
  }
  return null;
}
