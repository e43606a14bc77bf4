import type { Artifact } from '../builders.ts';

type Platform = Artifact['platform'];

/** Node's words for processors, by Go's (GOARCH), which the engine uses. */
const processors: Readonly<Record<string, string>> = { amd64: 'x64', '386': 'ia32', ppc64le: 'ppc64' };

/** Of an image or an engine. An image brings its C library and runtime along. */
export function platformOf(os: string, architecture: string): Platform {
  return { os, cpu: processors[architecture] ?? architecture, libc: null, runtime: 'container' };
}

/** Why an artifact cannot run on this engine, one sentence; null: it can, or the engine has not been seen yet. */
export function whyImageIsUnfit(built: Platform, here: Platform | null): string | null {
  if (built.runtime !== 'container') {
    return 'it was built to run as a process, and this environment runs containers';
  }
  if (here === null || (built.os === here.os && built.cpu === here.cpu)) return null;
  return `it is an image for ${built.os} ${built.cpu}, and the Docker engine is on ${here.os} ${here.cpu}`;
}
