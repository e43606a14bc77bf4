import type { ComposeMount, ComposePort } from './compose-app.ts';
import { childOf, itemsOf, textOf, type ComposeNode } from './compose-tree.ts';

/** `3000`, `8080:3000`, `127.0.0.1:8080:3000/tcp`, ranges, and the long form. */
export function parsePorts(node: ComposeNode | undefined): readonly ComposePort[] {
  return itemsOf(node).flatMap((item): readonly ComposePort[] => {
    if (item.kind === 'map') {
      const target = textOf(childOf(item, 'target')) ?? '';
      const published = textOf(childOf(item, 'published'));
      const protocol = textOf(childOf(item, 'protocol')) ?? 'tcp';
      const written = published === null ? target : `${published}:${target}`;
      const isForAll = isEverywhere(textOf(childOf(item, 'host_ip')) ?? '');
      return [
        { line: item.line, written, target: toPort(target), published: toPort(published ?? ''), isForAll, protocol },
      ];
    }
    const written = textOf(item);
    return written === null ? [] : [{ line: item.line, written, ...shortPort(written) }];
  });
}

function shortPort(written: string): Pick<ComposePort, 'target' | 'published' | 'isForAll' | 'protocol'> {
  const [ports = '', protocol = 'tcp'] = written.split('/');
  const [, bracketed = null, rest = ''] = /^(?:\[([^\]]*)\]:)?(.*)$/.exec(ports) ?? [];
  const parts = rest.split(':');
  const address = bracketed ?? (parts.length > 2 ? (parts[0] ?? '') : '');
  const published = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  return {
    target: toPort(parts.at(-1) ?? ''),
    published: toPort(published),
    isForAll: isEverywhere(address),
    protocol,
  };
}

/** Of the address that a port is published on. */
function isEverywhere(address: string): boolean {
  return ['', '0.0.0.0', '::', '*'].includes(address);
}

function toPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** `data:/var/data`, `./uploads:/app/uploads:ro`, `/app/node_modules`, and the long form. */
export function parseMounts(node: ComposeNode | undefined): readonly ComposeMount[] {
  return itemsOf(node).flatMap((item): readonly ComposeMount[] => {
    const { line } = item;
    if (item.kind === 'map') {
      const kind = textOf(childOf(item, 'type'));
      const source = textOf(childOf(item, 'source'));
      const target = textOf(childOf(item, 'target')) ?? '';
      const isReadOnly = textOf(childOf(item, 'read_only')) === 'true';
      return [{ line, kind: kind === 'bind' || kind === 'volume' ? kind : 'other', source, target, isReadOnly }];
    }
    const written = textOf(item);
    return written === null ? [] : [{ line, ...shortMount(written) }];
  });
}

function shortMount(written: string): Omit<ComposeMount, 'line'> {
  const parts = written.split(':');
  const [first = '', second, modes = ''] = parts;
  if (second === undefined) return { kind: 'volume', source: null, target: first, isReadOnly: false };
  const kind = /^[./~]/.test(first) ? 'bind' : 'volume';
  return { kind, source: first, target: second, isReadOnly: modes.split(',').includes('ro') };
}
