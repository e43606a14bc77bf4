import { OpenLoopLoad, type LoadResult } from '../../src/proxy/fixtures/open-loop-load.ts';

/** Open-loop requests to a port while something happens; the load ends either way. */
export async function underLoad<Value>(
  port: number,
  work: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly load: LoadResult }> {
  const load = new OpenLoopLoad({ port, requestsPerSecond: 50 });
  try {
    const value = await work();
    return { value, load: await load.stop() };
  } catch (error) {
    await load.stop();
    throw error;
  }
}
