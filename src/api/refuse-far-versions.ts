import type { IncomingHttpHeaders } from 'node:http';
import { LotseError } from '../core/errors.ts';

interface Version {
  readonly major: number;
  readonly minor: number;
}

/**
 * A command line says its version as `User-Agent: lotse-cli/0.4.2` (RFC 9110, 10.1.5). One minor version apart works in
 * both directions; further apart it is refused before anything is done. Whoever says nothing is no command line, and
 * passes. Error: `wrong-version`, with the command that installs the right one.
 */
export function refuseFarVersions(headers: IncomingHttpHeaders, own: string): void {
  const said = /(?:^|\s)lotse-cli\/(\S+)/.exec(headers['user-agent'] ?? '')?.[1];
  if (said === undefined || areNear(said, own)) return;
  throw new LotseError('wrong-version', `This command line is Lotse ${said}, and the control plane is ${own}.`, {
    hint: `They may be one minor version apart. Install the one that fits: npm install --global lotse-cli@${own}`,
  });
}

function areNear(one: string, other: string): boolean {
  const [a, b] = [readVersion(one), readVersion(other)];
  return a !== null && b !== null && a.major === b.major && Math.abs(a.minor - b.minor) <= 1;
}

function readVersion(text: string): Version | null {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})\.\d{1,6}(?:[-+].*)?$/.exec(text) ?? [];
  return major === undefined || minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}
