const onLoopback = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?)(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)(?=[/?#]|$)/i;

export interface PointedVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** Services by whose name the gateway is known inside: `BACKEND_URL` says `backend`. */
  readonly names: readonly string[];
}

/**
 * A URL on the machine's loopback means nothing in a container, whose loopback is its own: it is pointed at the gateway
 * of the environment's network, where the proxy has its internal ports, and whatever else listens on all addresses.
 */
export function pointAtGateway(variables: Readonly<Record<string, string>>, gateway: string): PointedVariables {
  const names = new Set<string>();
  const pointed = Object.entries(variables).map(([variable, value]) => {
    if (!onLoopback.test(value)) return [variable, value] as const;
    const service = /^([A-Z][A-Z0-9_]*)_URL$/.exec(variable)?.[1];
    if (service !== undefined) names.add(service.toLowerCase().replaceAll('_', '-'));
    return [variable, value.replace(onLoopback, `$1${gateway}:$2`)] as const;
  });
  return { variables: Object.fromEntries(pointed), names: [...names] };
}
