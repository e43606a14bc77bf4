/** Where the proxy on another machine has its state, inside its container: a volume. */
export const proxyStateDir = '/state';
export const keepProxyPath = '/lotse/keep-proxy';
/** Its content names the program that is started next time. */
export const currentProgramPath = '/lotse/current';

/**
 * First process of the proxy's container, for /bin/sh; its argument is the number of proxy workers. It starts the proxy and
 * keeps the container for as long as any proxy owns the state: one may have handed over to the next, which is no child of
 * this shell. What was handed over and has ended is reaped here.
 */
export const keepProxyScript = `#!/bin/sh
state=${proxyStateDir}
program=/lotse/programs/$(cat ${currentProgramPath})
export NODE_COMPILE_CACHE=$state/compile-cache
cd $state && chmod 700 .
rm -f proxy.pid
owner() { sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' proxy.pid 2>/dev/null; }
if [ ! -e $program/compiled ]; then
  node --no-warnings $program/src/proxy/proxy.ts --help >/dev/null 2>&1
  node --no-warnings $program/src/proxy/worker.ts >/dev/null 2>&1
  : >$program/compiled
fi
node --max-semi-space-size=1 --no-warnings $program/src/proxy/proxy.ts --state $state --workers $1 >>proxy.log 2>&1 &
first=$!
trap 'now=$(owner); kill -TERM \${now:-$first} 2>/dev/null' TERM INT
while kill -0 $first 2>/dev/null; do wait $first; done
while now=$(owner) && [ -n "$now" ] && kill -0 $now 2>/dev/null; do sleep 1 & wait $!; done
`;
