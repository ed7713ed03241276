// A role of the duet in a process of its own: role-process.mts <url> <scenario> <role>
import { connectBus } from '../../../mas/bus/connect.ts';
import { playRole } from '../../../mas/team/play-role.ts';
import { duet } from './duet.ts';
import { fakePolicy } from './fake-learner.ts';

const [url, scenario, role] = process.argv.slice(2) as [string, string, string];
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop.abort());
process.on('disconnect', () => process.exit());
// It may have gone while all of the above was loaded.
if (!process.connected) process.exit();
const bus = await connectBus(url);
const { groups } = duet()(1);
const index = groups.findIndex(({ name }) => name === role);
const policy = fakePolicy(groups);
const how = await playRole({
  bus,
  scenario,
  group: groups[index]!,
  index,
  policy,
  name: `${role} ${process.pid}`,
  signal: stop.signal,
});
await bus.close();
process.exit(how === 'over' || how === 'stopped' ? 0 : 1);
