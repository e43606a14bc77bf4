import { secretsContract } from '../secrets.contract.ts';
import { environmentStore } from './environment-store.ts';

secretsContract('variables of the control plane', () => {
  const variables: Record<string, string | undefined> = { LOTSE_SECRET_: 'none', HOME: '/root' };
  return Promise.resolve({
    store: environmentStore({ kind: 'environment', prefix: 'LOTSE_SECRET_', variables }, Date.now()),
    plant: ({ app, environment, name }, value) => {
      variables[`LOTSE_SECRET_${app.toUpperCase()}__${environment.toUpperCase()}__${name}`] = value;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
