// Asks a server with OpenAI's client and prints what came back as JSON: node openai.mjs URL
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const messages = [{ role: 'user', content: 'What is a string?' }];
const said = {};

said.models = [];
for await (const model of client.models.list()) said.models.push(model.id);
const model = said.models[0];
said.model = (await client.models.retrieve(model)).id;

const whole = await client.chat.completions.create({ model, messages, max_tokens: 12, temperature: 0, logprobs: true, top_logprobs: 2 });
said.chat = whole.choices[0].message.content;
said.logprobs = whole.choices[0].logprobs.content.length;
said.usage = whole.usage.completion_tokens;

const stream = client.chat.completions.stream({ model, messages, max_tokens: 12, temperature: 0, stream_options: { include_usage: true } });
said.streamed = (await stream.finalChatCompletion()).choices[0].message.content;
said.streamedUsage = (await stream.totalUsage()).completion_tokens;

const completion = await client.completions.create({ model, prompt: 'return ', max_tokens: 5, temperature: 0 });
said.completion = completion.choices[0].text;
let text = '';
for await (const chunk of await client.completions.create({ model, prompt: 'return ', max_tokens: 5, temperature: 0, stream: true }))
  text += chunk.choices[0]?.text ?? '';
said.streamedCompletion = text;

const response = await client.responses.create({ model, input: 'What is a string?', max_output_tokens: 12, temperature: 0 });
said.response = response.output_text;
const events = client.responses.stream({ model, input: 'What is a string?', max_output_tokens: 12, temperature: 0 });
said.streamedResponse = (await events.finalResponse()).output_text;

// Two fields of this server's own: what it sends besides is no trouble to a client that does not know it.
const signature = 'public static long Litres(WaterLot lot)';
const own = { model, messages, max_tokens: 64, temperature: 0, docs: true, guide: { signature } };
const guided = await client.chat.completions.create(own);
said.guided = guided.choices[0].message.content;
said.pages = guided.sources.length;
said.streamedGuided = (await client.chat.completions.stream(own).finalChatCompletion()).choices[0].message.content;

said.errors = [];
const wrong = [
  () => client.chat.completions.create({ model: 'gpt-5', messages }),
  () => client.chat.completions.create({ model, messages, temperature: 9 }),
  () => client.chat.completions.create({ model, messages, response_format: { type: 'json_object' } }),
  () => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'word '.repeat(20000) }] }),
  () => client.embeddings.create({ model, input: 'x' }),
  () => client.models.retrieve('gpt-5'),
];
for (const ask of wrong) {
  try {
    await ask();
    said.errors.push('none');
  } catch (e) {
    said.errors.push([e.constructor.name, e.status, e.code, e.param].join(' '));
  }
}

const left = await client.chat.completions.create({ model, messages, max_tokens: 200, temperature: 1, stream: true });
for await (const _ of left) break;
said.left = true;

console.log(JSON.stringify(said));
