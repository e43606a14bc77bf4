import { loadWishes } from './load-wishes.ts';
import { OpenLoopLoad } from './open-loop-load.ts';

// The load in a process of its own, so that it shares no event loop with what it measures: wishes as the one argument,
// one message of its parent ends it, one message to its parent has all that happened. It dies with its parent.
const load = new OpenLoopLoad(loadWishes.parse(JSON.parse(process.argv[2] ?? '')));
process.once('disconnect', () => process.exit(1));
process.once('message', () => {
  void load.stop().then((records) => process.send?.(records, () => process.exit(0)));
});
