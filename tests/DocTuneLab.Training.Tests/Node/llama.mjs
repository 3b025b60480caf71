// Runs llama.cpp (through node-llama-cpp) on a GGUF file. Reads a JSON request per line, writes an answer per line:
// {load, threads, adapter, exact} -> {vocabulary}, with keys and values in 32 bits where exact        {tokenize, special} -> {ids}
// {score: [ids]} -> {logits of every position, as log-probabilities of the next ids and the top token}
// {greedy: [ids], count, spread} -> {ids, gaps}: tokens picked, and how far the best was from the second
// {time: n, prompt: [ids]} -> {seconds per token}
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { createInterface } from "node:readline";

const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 2 });
let model, context, sequence;

async function open(request) {
  await context?.dispose();
  await model?.dispose();
  model = await llama.loadModel({ modelPath: request.load, gpuLayers: 0, useMmap: false });
  context = await model.createContext({
    contextSize: request.context ?? 512, batchSize: request.context ?? 512, threads: { ideal: request.threads ?? 1, min: 1 }, flashAttention: false,
    ...(request.exact ? { experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" } : {}),
    lora: request.adapter ? { adapters: [{ filePath: request.adapter, scale: 1 }] } : undefined,
  });
  sequence = context.getSequence();
  return { vocabulary: [...model.iterateAllTokens()].length, size: model.size, description: model.typeDescription };
}

const probabilities = (result) => result.next.probabilities;

// Log-probability of each next token given those before it.
async function score(ids) {
  await sequence.clearHistory();
  const input = ids.map((id, i) => (i + 1 < ids.length ? [id, { generateNext: { probabilities: true } }] : id));
  const outputs = await sequence.controlledEvaluate(input);
  return { logProbabilities: ids.slice(1).map((next, i) => Math.log(probabilities(outputs[i]).get(next))) };
}

async function greedy(ids, count) {
  await sequence.clearHistory();
  const picked = [], gaps = [];
  let input = ids;
  for (let i = 0; i < count; i++) {
    const outputs = await sequence.controlledEvaluate(input.map((id, at) => (at + 1 === input.length ? [id, { generateNext: { probabilities: true } }] : id)));
    const entries = [...probabilities(outputs[input.length - 1])].slice(0, 2);
    picked.push(entries[0][0]);
    gaps.push(Math.log(entries[0][1]) - Math.log(entries[1]?.[1] ?? 1e-30));
    input = [entries[0][0]];
  }
  return { ids: picked, gaps };
}

async function time(prompt, count) {
  await sequence.clearHistory();
  let seen = 0, start = 0;
  for await (const _ of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    if (seen === 0) start = performance.now();
    if (seen++ === count) break;
  }
  return { seconds: (performance.now() - start) / 1000 / count };
}

async function answer(request) {
  if (request.load) return open(request);
  if (request.tokenize !== undefined) return { ids: model.tokenize(request.tokenize, request.special ?? false, request.special ? undefined : "trimLeadingSpace") };
  if (request.detokenize) return { text: model.detokenize(request.detokenize, true) };
  if (request.score) return score(request.score);
  if (request.greedy) return greedy(request.greedy, request.count);
  if (request.time) return time(request.prompt, request.time);
  if (request.metadata) return { metadata: model.fileInfo.metadata };
  throw new Error("unknown request");
}

for await (const line of createInterface({ input: process.stdin })) {
  if (!line) continue;
  let result;
  try {
    result = await answer(JSON.parse(line));
  } catch (e) {
    result = { error: String(e.stack ?? e) };
  }
  process.stdout.write(JSON.stringify(result) + "\n");
}
process.exit(0);
