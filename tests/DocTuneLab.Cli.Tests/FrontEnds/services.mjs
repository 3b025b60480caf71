// Runs the code cells of a notebook with JupyterLab's client and prints what came back as JSON: node services.mjs URL TOKEN NOTEBOOK
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { KernelManager, ServerConnection } from '@jupyterlab/services';

const [baseUrl, token, path] = process.argv.slice(2);
const serverSettings = ServerConnection.makeSettings({ baseUrl, token, appendToken: true, wsUrl: baseUrl.replace(/^http/, 'ws'), WebSocket, fetch, Request, Headers });
const manager = new KernelManager({ serverSettings });
await manager.ready;
const kernel = await manager.startNew({ name: 'doctune' });
const info = await kernel.info;
const result = { language: info.language_info.name, cells: [] };
for (const cell of JSON.parse(readFileSync(path, 'utf8')).cells.filter(c => c.cell_type === 'code')) {
  const outputs = [];
  const future = kernel.requestExecute({ code: [].concat(cell.source).join(''), stop_on_error: true });
  future.onIOPub = message => outputs.push([message.header.msg_type, Object.keys(message.content.data ?? {}).join(' ') || message.content.text || message.content.execution_state || '']);
  const reply = await future.done;
  result.cells.push({ status: reply.content.status, outputs });
}
result.completions = (await kernel.requestComplete({ code: 'Console.Wri', cursor_pos: 11 })).content.matches;
result.complete = (await kernel.requestIsComplete({ code: 'int F() {' })).content.status;

// A cell that runs away is stopped from here, and the kernel goes on.
const runaway = kernel.requestExecute({ code: 'while (true) ;' });
await new Promise(done => setTimeout(done, 700));
await kernel.interrupt();
result.interrupted = (await runaway.done).content.status;
const again = kernel.requestExecute({ code: 'while (false) ;\n"alive"' });
result.alive = (await again.done).content.status;
await kernel.shutdown();
console.log(JSON.stringify(result));
process.exit(0);
