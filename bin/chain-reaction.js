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
void import('../dist/cli/main.js');
