// Runs the specification's web UI in Node, with the ws package in the place of the browser's WebSocket. Prints each marker
// as a line of JSON; each line on standard input is the path of an object to select.
const fs = require('fs');
const readline = require('readline');
const vm = require('vm');

globalThis.WebSocket = require('ws');
vm.runInThisContext(fs.readFileSync(process.argv[2], 'utf8'), process.argv[2]);
vm.runInThisContext('onMarker = (...marker) => console.log(JSON.stringify(marker));', 'in_node.js');
globalThis.console.log('"ready"');

readline.createInterface({ input: process.stdin })
    .on('line', (path) => selectObject(path))
    .on('close', () => process.exit(0));
