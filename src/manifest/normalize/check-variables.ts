import { variableOf } from '../../core/variable-names.ts';
import { reservedVariable } from '../names.ts';
import type { Path } from '../problem.ts';
import type { WrittenManifest } from '../schema/manifest-schema.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';

/** Every variable that an instance is given must have one meaning. */
export function checkVariables(written: WrittenManifest, context: Context): void {
  const owners = new Map<string, string>();
  const claim = (variable: string, owner: string, path: Path, at: 'key' | 'value' = 'key') => {
    const other = owners.get(variable);
    if (other === undefined) owners.set(variable, owner);
    else if (other !== owner)
      reportMeaning(context, path, `${owner} and ${other} both want the variable ${variable}; rename one`, at);
  };
  const claimOwn = (variable: string, owner: string, path: Path) => {
    const reason = reservedVariable(variable);
    if (reason !== null)
      reportMeaning(context, path, `${owner} would get the variable ${variable}, which is taken: ${reason}`, 'key');
    claim(variable, owner, path);
  };
  for (const [name, service] of Object.entries(written.services)) {
    if (service.port !== undefined) claimOwn(variableOf(name, 'URL'), `the service ${name}`, ['services', name]);
  }
  for (const [name, store] of Object.entries(written.stores ?? {})) {
    claimOwn(variableOf(name, store.folder === undefined ? 'URL' : 'DIR'), `the store ${name}`, ['stores', name]);
  }
  for (const variable of Object.keys(written.config ?? {})) claim(variable, 'the config', ['config', variable]);
  for (const [name, service] of Object.entries(written.services)) {
    for (const variable of Object.keys(service.config ?? {}))
      claim(variable, 'the config', ['services', name, 'config', variable]);
  }
  for (const [index, secret] of (written.secrets ?? []).entries())
    claim(secret, 'the secrets', ['secrets', index], 'value');
}
