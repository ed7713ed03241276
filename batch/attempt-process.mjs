// The child process that attempts run in. Plain JavaScript, as it makes TypeScript readable for what follows.
process.on('disconnect', () => process.exit()); // the parent is gone: whoever comes next goes on from the last checkpoint
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole terminal; what it means is the parent's to say
if (!process.connected) process.exit();

const [{ register }, { register: registerCommonJs }] = await Promise.all([
  import('tsx/esm/api'),
  import('tsx/cjs/api'),
]);
registerCommonJs();
register();
const { serve } = await import('./serve-attempts.ts');
serve();
