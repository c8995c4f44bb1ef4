import { Server } from 'node:net';

// The server takes a port and nothing else, listens on every interface and names the port that it was given. Here it gets
// a free one of the loopback interface, and the parent process is told which.
const listen = Reflect.get(Server.prototype, 'listen') as (this: Server, ...given: unknown[]) => Server;
Server.prototype.listen = function listenOnLoopback(this: Server, ...given: unknown[]) {
  this.once('listening', () => process.send?.(this.address()));
  const listening = given.find((one): one is () => void => typeof one === 'function');
  return listen.call(this, { port: 0, host: '127.0.0.1' }, listening);
};

process.on('disconnect', () => process.exit());
// It says what it does all the time.
console.log = () => {};
console.error = () => {};

await import(import.meta.resolve('@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js'));
