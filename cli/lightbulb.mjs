#!/usr/bin/env node
// The launcher. Plain JavaScript that any Node can read, so that an old one gets an answer instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11)) {
  console.error(`lightbulb needs Node 20.11 or newer; this is ${process.versions.node}.`);
  process.exit(2);
}

// Runs the TypeScript as it stands, ours and that of people's own environments.
const [{ register }, { register: registerCommonJs }] = await Promise.all([
  import('tsx/esm/api'),
  import('tsx/cjs/api'),
]);
// A module outside of any package with "type": "module" counts as CommonJS: people's own files often do.
registerCommonJs();
register();
const { main } = await import('./main.ts');
const code = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
// What was printed goes out before the process ends, which open handles of native libraries must not delay.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(code);
