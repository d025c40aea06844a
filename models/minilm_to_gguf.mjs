// Writes all-MiniLM-L6-v2 (safetensors and tokenizer.json, in FOLDER) as GGUF: what llama.cpp's
// converter would write, without Python and its libraries; the result is pinned by its digest.
// usage: node minilm_to_gguf.mjs FOLDER OUT.gguf
import { readFileSync, writeFileSync } from 'node:fs';

const [folder, out] = process.argv.slice(2);
const json = (name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
const config = json('config.json');
const vocab = json('tokenizer.json').model.vocab;
const file = readFileSync(`${folder}/model.fp16.safetensors`);
const headerBytes = Number(file.readBigUInt64LE(0));
const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes));

// ---- GGUF's values: each is its type's number and its bytes --------------------------------------
const kAlignment = 32;
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const f32 = (x) => { const b = Buffer.alloc(4); b.writeFloatLE(x); return b; };
const text = (s) => Buffer.concat([u64(Buffer.byteLength(s)), Buffer.from(s)]);
const list = (type, items) => Buffer.concat([u32(type), u64(items.length), ...items]);
const kUint32 = 4, kInt32 = 5, kFloat32 = 6, kBool = 7, kString = 8, kArray = 9;

// ---- the vocabulary: WPM marks the beginning of a word, not its continuation ---------------------
const kNormal = 1, kControl = 3, kUnused = 5;
const pieces = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
const special = (piece) => piece.startsWith('[') && piece.endsWith(']');
const token = (piece) =>
  special(piece) ? piece : piece.startsWith('##') ? piece.slice(2) : `\u2581${piece}`;
const typeOf = (piece) =>
  !special(piece) ? kNormal : piece.startsWith('[unused') ? kUnused : kControl;

const values = [
  ['general.architecture', kString, text('bert')],
  ['general.name', kString, text('all-MiniLM-L6-v2')],
  ['bert.context_length', kUint32, u32(512)],
  ['bert.embedding_length', kUint32, u32(config.hidden_size)],
  ['bert.block_count', kUint32, u32(config.num_hidden_layers)],
  ['bert.feed_forward_length', kUint32, u32(config.intermediate_size)],
  ['bert.attention.head_count', kUint32, u32(config.num_attention_heads)],
  ['bert.attention.layer_norm_epsilon', kFloat32, f32(config.layer_norm_eps)],
  ['bert.attention.causal', kBool, Buffer.from([0])],
  ['bert.pooling_type', kUint32, u32(1)],  // the mean
  ['general.file_type', kUint32, u32(1)],  // mostly F16
  ['tokenizer.ggml.model', kString, text('bert')],
  ['tokenizer.ggml.pre', kString, text('default')],
  ['tokenizer.ggml.tokens', kArray, list(kString, pieces.map((p) => text(token(p))))],
  ['tokenizer.ggml.token_type', kArray, list(kInt32, pieces.map((p) => u32(typeOf(p))))],
  ['tokenizer.ggml.token_type_count', kUint32, u32(2)],
  ['tokenizer.ggml.bos_token_id', kUint32, u32(vocab['[CLS]'])],
  ['tokenizer.ggml.eos_token_id', kUint32, u32(vocab['[SEP]'])],
  ['tokenizer.ggml.unknown_token_id', kUint32, u32(vocab['[UNK]'])],
  ['tokenizer.ggml.seperator_token_id', kUint32, u32(vocab['[SEP]'])],
  ['tokenizer.ggml.padding_token_id', kUint32, u32(vocab['[PAD]'])],
  ['tokenizer.ggml.mask_token_id', kUint32, u32(vocab['[MASK]'])],
];

// ---- the tensors ---------------------------------------------------------------------------------
const kNames = {
  'embeddings.word_embeddings': 'token_embd',
  'embeddings.position_embeddings': 'position_embd',
  'embeddings.token_type_embeddings': 'token_types',
  'embeddings.LayerNorm': 'token_embd_norm',
  'attention.self.query': 'attn_q',
  'attention.self.key': 'attn_k',
  'attention.self.value': 'attn_v',
  'attention.output.dense': 'attn_output',
  'attention.output.LayerNorm': 'attn_output_norm',
  'intermediate.dense': 'ffn_up',
  'output.dense': 'ffn_down',
  'output.LayerNorm': 'layer_output_norm',
};

function ggufName(name) {
  const [, layer, stem, suffix] =
    /^(?:encoder\.layer\.(\d+)\.)?(.*)\.(weight|bias)$/.exec(name.replace(/^bert\./, ''));
  if (!kNames[stem]) throw new Error(`no GGUF name for ${name}`);
  return `${layer === undefined ? '' : `blk.${layer}.`}${kNames[stem]}.${suffix}`;
}

function fromHalf(h) {
  const sign = h >> 15 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function widened(half) {
  const wide = Buffer.alloc(half.length * 2);
  for (let i = 0; i < half.length; i += 2) wide.writeFloatLE(fromHalf(half.readUInt16LE(i)), 2 * i);
  return wide;
}

function tensor(name) {
  const { dtype, shape, data_offsets: [begin, end] } = header[name];
  const bytes = file.subarray(8 + headerBytes + begin, 8 + headerBytes + end);
  const wide = shape.length === 1 || /position|token_type/.test(name);
  if (dtype !== 'F16' && !(dtype === 'F32' && wide)) throw new Error(`${name} is ${dtype}`);
  return { name: ggufName(name), shape, type: wide ? 0 : 1,
           data: wide && dtype === 'F16' ? widened(bytes) : bytes };
}

const padding = (bytes) => Buffer.alloc((kAlignment - (bytes % kAlignment)) % kAlignment);
const tensors = Object.keys(header)
  .filter((name) => !/^__metadata__$|position_ids|pooler/.test(name)).map(tensor);
let offset = 0;
const infos = tensors.map(({ name, shape, type, data }) => {
  const info = Buffer.concat([text(name), u32(shape.length), ...[...shape].reverse().map(u64),
                              u32(type), u64(offset)]);
  offset += data.length + padding(data.length).length;
  return info;
});
const head = Buffer.concat([
  Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(values.length),
  ...values.flatMap(([key, type, bytes]) => [text(key), u32(type), bytes]), ...infos]);
writeFileSync(out, Buffer.concat([
  head, padding(head.length), ...tensors.flatMap(({ data }) => [data, padding(data.length)])]));
