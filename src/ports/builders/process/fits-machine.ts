import type { Artifact } from '../builders.ts';

type Platform = Artifact['platform'];

/**
 * Why an artifact cannot run here, one sentence; null: it can. Native parts are bound to system, processor, C library
 * (a newer glibc runs what an older one built) and the major version of Node.
 */
export function whyUnfit(built: Platform, here: Platform): string | null {
  if (built.os !== here.os || built.cpu !== here.cpu) {
    return `it was built for ${built.os} ${built.cpu}, and this machine is ${here.os} ${here.cpu}`;
  }
  if (!fitsLibc(built.libc, here.libc)) {
    return `it was built with ${built.libc ?? 'another C library'}, and this machine has ${here.libc ?? 'none of that kind'}`;
  }
  return major(built.runtime) === major(here.runtime)
    ? null
    : `it was built for ${built.runtime}, and this machine runs ${here.runtime}`;
}

function fitsLibc(built: string | null, here: string | null): boolean {
  if (built === null || here === null) return built === here;
  const [builtKind, builtVersion = ''] = built.split(' ');
  const [hereKind, hereVersion = ''] = here.split(' ');
  if (builtKind !== hereKind) return false;
  return builtVersion.localeCompare(hereVersion, 'en', { numeric: true }) <= 0;
}

/** `node 24.21.0` → `node 24`. */
function major(runtime: string): string {
  return runtime.split('.')[0] ?? runtime;
}
