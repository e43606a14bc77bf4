import { readdirSync, readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

/** Every way in which a value could lie somewhere. */
export function writtenForms(value: string): readonly string[] {
  const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '');
  const url = Buffer.from(value).toString('base64url');
  return [...new Set([value, base64, url, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])];
}

/** Files below a folder that have one of these texts in their bytes, whatever they are. */
export function filesWith(folder: string, texts: readonly string[]): readonly string[] {
  return filesBelow(folder).filter((path) => {
    const content = contentOf(path);
    return texts.some((text) => content.includes(text));
  });
}

/** What is gone before its turn comes is none of them. */
function filesBelow(folder: string): readonly string[] {
  const entries = entriesOf(folder);
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Processes whose command line has one of these texts. */
export function commandLinesWith(texts: readonly string[]): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const line = contentOf(`/proc/${name}/cmdline`);
    return texts.some((text) => line.includes(text));
  });
}

/** Those of the texts that stand in what was said, as they are or escaped once more. */
export function saidOf(said: unknown, texts: readonly string[]): readonly string[] {
  const all = typeof said === 'string' ? said : JSON.stringify(said);
  return texts.filter((text) => all.includes(text) || all.includes(JSON.stringify(text).slice(1, -1)));
}

/** Empty for what has ended or is gone by now. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
