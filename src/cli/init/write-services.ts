import { configEntries } from './write-config.ts';
import type { ProposedService } from './proposal.ts';
import { oneLine, scalar } from './yaml-scalar.ts';

/** A service, key by key, each with its reason. */
export function serviceLines(service: ProposedService, isContainer: boolean): readonly string[] {
  const lines = [`  ${service.name}:`];
  const add = (key: string, value: string, comment = ''): void => {
    lines.push(`    ${key}: ${value}${comment === '' ? '' : ` # ${oneLine(comment)}`}`);
  };
  if (service.root !== null) add('root', scalar(service.root));
  if (service.run === null) lines.push('    # no run: what the image starts');
  else add('run', scalar(service.run), service.runComment);
  if (service.port === null) lines.push('    # no port: a worker');
  else {
    add('port', `${service.port}`, service.portComment);
    if (service.path !== null) add('path', service.path, 'which requests it gets; change it to what it really answers');
    addReady(service, isContainer, add, lines);
  }
  if (service.drain !== null) add('drain', scalar(service.drain));
  if (service.instances !== null) add('instances', `${service.instances}`);
  if (service.memory !== null) add('memory', service.memory);
  if (service.cpu !== null) add('cpu', `${service.cpu}`);
  if (service.config.length > 0)
    lines.push('    config:', ...configEntries(service.config).map((line) => `      ${line}`));
  const isEmpty = lines.slice(1).every((line) => line.trimStart().startsWith('#'));
  return isEmpty ? [`${lines[0] ?? ''} {}`, ...lines.slice(1)] : lines;
}

function addReady(
  { ready, check }: ProposedService,
  isContainer: boolean,
  add: (key: string, value: string, comment?: string) => void,
  lines: string[],
): void {
  if (check !== null) return add('ready', scalar(check));
  const otherwise = `left out: ready ${isContainer ? 'as its HEALTHCHECK says, else ' : ''}once the port accepts connections`;
  lines.push(
    ready === null
      ? `    # ready: /up # ${otherwise}`
      : `    # ready: ${ready.path} # seen in ${ready.file}; ${otherwise}`,
  );
}
