/** Takes what is exported by OTLP over HTTP, and tells any GET how many exports it has had. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let exportsTaken = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end(String(exportsTaken));
  request.resume().on('end', () => {
    exportsTaken += 1;
    response.setHeader('content-type', 'application/x-protobuf').end();
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
