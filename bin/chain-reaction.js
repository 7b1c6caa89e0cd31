#!/usr/bin/env node
// Plain old JavaScript: the Node that it turns away must understand it.
var needed = [22, 18];
var running = process.versions.node.split('.').map(Number);
if (running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1])) {
  process.stderr.write(
    'chain-reaction needs Node ' +
      needed.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      '\n',
  );
  process.exit(2);
}
var main = new URL('../dist/cli/main.js', import.meta.url).href;
import(main).catch(function (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== main) throw error;
  process.stderr.write('This checkout of chain-reaction is not built yet: npm run build builds it\n');
  process.exitCode = 1;
});
