// Networks that generative/browser/graph.py lists, computed for one example. A tensor is
// {shape, data}: Float32Array, the last axis fastest, without the batch axis.

const ACTIVATIONS = {
  linear: null,
  relu: (x) => (x > 0 ? x : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

function activated(data, name) {
  const f = ACTIVATIONS[name];
  if (f) for (let i = 0; i < data.length; i++) data[i] = f(data[i]);
  return data;
}

// rows [count, inner] times matrix [inner, outer], added to out [count, outer]. Four rows of the
// matrix at a time: half the time of one.
function multiply(rows, count, inner, matrix, outer, out) {
  for (let r = 0; r < count; r++) {
    const from = r * inner, to = r * outer;
    let i = 0;
    for (; i + 4 <= inner; i += 4) {
      const a = rows[from + i], b = rows[from + i + 1], c = rows[from + i + 2], d = rows[from + i + 3];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const p = i * outer, q = p + outer, s = q + outer, t = s + outer;
      for (let o = 0; o < outer; o++) {
        out[to + o] += a * matrix[p + o] + b * matrix[q + o] + c * matrix[s + o] + d * matrix[t + o];
      }
    }
    for (; i < inner; i++) {
      const a = rows[from + i], p = i * outer;
      for (let o = 0; o < outer; o++) out[to + o] += a * matrix[p + o];
    }
  }
}

function filled(count, outer, bias) {
  const out = new Float32Array(count * outer);
  if (bias) for (let r = 0; r < count; r++) out.set(bias, r * outer);
  return out;
}

function dense(op, [x]) {
  const [inner, outer] = op.kernel.shape, count = x.data.length / inner;
  const out = filled(count, outer, op.bias?.data);
  multiply(x.data, count, inner, op.kernel.data, outer, out);
  return [{shape: [...x.shape.slice(0, -1), outer], data: activated(out, op.activation)}];
}

// Where "same" padding begins, as TensorFlow has it.
const before = (size, stride, kernel) => {
  const over = (Math.ceil(size / stride) - 1) * stride + kernel - size;
  return Math.floor(Math.max(0, over) / 2);
};

function convolution(op, [x]) {
  const [height, width, channels] = x.shape, [rows, columns, , outer] = op.kernel.shape;
  const [down, right] = op.strides;
  const high = Math.ceil(height / down), wide = Math.ceil(width / right);
  const top = before(height, down, rows), left = before(width, right, columns);
  const patch = new Float32Array(rows * columns * channels);
  const out = filled(high * wide, outer, op.bias?.data);
  for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) {
    patch.fill(0);
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      const y = i * down + r - top, z = j * right + c - left;
      if (y < 0 || z < 0 || y >= height || z >= width) continue;
      const at = (y * width + z) * channels;
      patch.set(x.data.subarray(at, at + channels), (r * columns + c) * channels);
    }
    const place = (i * wide + j) * outer;
    multiply(patch, 1, patch.length, op.kernel.data, outer, out.subarray(place, place + outer));
  }
  return [{shape: [high, wide, outer], data: activated(out, op.activation)}];
}

function transposed_convolution(op, [x]) {
  const [height, width, channels] = x.shape, [rows, columns, outer] = op.kernel.shape;
  const [down, right] = op.strides, high = height * down, wide = width * right;
  const top = before(high, down, rows), left = before(wide, right, columns);
  // The kernel as [channels, rows * columns * outer]: each pixel then paints one patch.
  const patches = op.turned ??= turned(op.kernel, rows * columns * outer, channels);
  const size = rows * columns * outer;
  const painted = new Float32Array(height * width * size);
  multiply(x.data, height * width, channels, patches, size, painted);
  const out = filled(high * wide, outer, op.bias?.data);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) {
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      const y = i * down + r - top, z = j * right + c - left;
      if (y < 0 || z < 0 || y >= high || z >= wide) continue;
      const to = (y * wide + z) * outer;
      const from = (i * width + j) * size + (r * columns + c) * outer;
      for (let o = 0; o < outer; o++) out[to + o] += painted[from + o];
    }
  }
  return [{shape: [high, wide, outer], data: activated(out, op.activation)}];
}

function turned(kernel, size, channels) {
  const out = new Float32Array(kernel.data.length);
  for (let s = 0; s < size; s++) for (let c = 0; c < channels; c++) {
    out[c * size + s] = kernel.data[s * channels + c];
  }
  return out;
}

function affine(op, [x]) {
  const scale = op.scale.data, offset = op.offset.data, count = scale.length;
  return [{shape: x.shape, data: x.data.map((v, i) => v * scale[i % count] + offset[i % count])}];
}

function concatenation(op, xs) {
  const sizes = xs.map((x) => x.shape.at(-1)), outer = sizes.reduce((a, b) => a + b, 0);
  const count = xs[0].data.length / sizes[0], out = new Float32Array(count * outer);
  let to = 0;
  for (const [n, x] of xs.entries()) {
    for (let r = 0; r < count; r++) {
      out.set(x.data.subarray(r * sizes[n], (r + 1) * sizes[n]), r * outer + to);
    }
    to += sizes[n];
  }
  return [{shape: [...xs[0].shape.slice(0, -1), outer], data: out}];
}

function upsampling(op, [x]) {
  const [height, width, channels] = x.shape, [down, right] = op.size;
  const high = height * down, wide = width * right, out = new Float32Array(high * wide * channels);
  for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) {
    const from = (Math.floor(i / down) * width + Math.floor(j / right)) * channels;
    out.set(x.data.subarray(from, from + channels), (i * wide + j) * channels);
  }
  return [{shape: [high, wide, channels], data: out}];
}

const sigmoid = ACTIVATIONS.sigmoid;

function lstm(op, [x, h, c]) {
  const units = op.recurrent_kernel.shape[0], inner = op.kernel.shape[0], steps = x.shape[0];
  let hidden = h.data, cell = c.data;
  const out = new Float32Array(steps * units);
  for (let t = 0; t < steps; t++) {
    const gates = filled(1, 4 * units, op.bias?.data);
    multiply(x.data.subarray(t * inner, (t + 1) * inner), 1, inner, op.kernel.data, 4 * units, gates);
    multiply(hidden, 1, units, op.recurrent_kernel.data, 4 * units, gates);
    const next = new Float32Array(units), kept = new Float32Array(units);
    for (let u = 0; u < units; u++) {
      const input = sigmoid(gates[u]), forget = sigmoid(gates[units + u]);
      kept[u] = forget * cell[u] + input * Math.tanh(gates[2 * units + u]);
      next[u] = sigmoid(gates[3 * units + u]) * Math.tanh(kept[u]);
    }
    [hidden, cell] = [next, kept];
    out.set(hidden, t * units);
  }
  return [out, hidden, cell].map((data, i) => ({shape: i ? [units] : [steps, units], data}));
}

function gru(op, [x, h]) {
  const units = op.recurrent_kernel.shape[0], inner = op.kernel.shape[0], steps = x.shape[0];
  const bias = op.bias?.data;
  let hidden = h.data;
  const out = new Float32Array(steps * units);
  for (let t = 0; t < steps; t++) {
    const a = filled(1, 3 * units, bias?.subarray(0, 3 * units));
    const b = filled(1, 3 * units, bias?.subarray(3 * units));
    multiply(x.data.subarray(t * inner, (t + 1) * inner), 1, inner, op.kernel.data, 3 * units, a);
    multiply(hidden, 1, units, op.recurrent_kernel.data, 3 * units, b);
    const next = new Float32Array(units);
    for (let u = 0; u < units; u++) {
      const update = sigmoid(a[u] + b[u]), reset = sigmoid(a[units + u] + b[units + u]);
      const proposed = Math.tanh(a[2 * units + u] + reset * b[2 * units + u]);
      next[u] = update * hidden[u] + (1 - update) * proposed;
    }
    hidden = next;
    out.set(hidden, t * units);
  }
  return [out, hidden].map((data, i) => ({shape: i ? [units] : [steps, units], data}));
}

const OPERATIONS = {
  activation: (op, [x]) => [{shape: x.shape, data: activated(x.data.slice(), op.activation)}],
  affine,
  concatenation,
  convolution,
  dense,
  embedding: (op, [x]) => {
    const size = op.embeddings.shape[1], out = new Float32Array(x.data.length * size);
    x.data.forEach((id, i) => out.set(op.embeddings.data.subarray(id * size, (id + 1) * size), i * size));
    return [{shape: [...x.shape, size], data: out}];
  },
  gru,
  lstm,
  piece: (op, [x]) => [{shape: [op.stop - op.start], data: x.data.subarray(op.start, op.stop)}],
  rectifier: (op, [x]) => [{shape: x.shape, data: x.data.map((v) => (v > 0 ? v : op.slope * v))}],
  reshape: (op, [x]) => [{shape: op.shape, data: x.data}],
  transposed_convolution,
  upsampling,
};

class Network {
  // described: model.json; buffer: an ArrayBuffer of weights.bin.
  constructor(described, buffer) {
    this.outputs = described.outputs;
    this.operations = described.operations.map((op) => {
      const weights = Object.entries(op.weights ?? {});
      const read = weights.map(([name, weight]) => [name, Network.weight(weight, buffer, described.floats)]);
      return {...op, ...Object.fromEntries(read)};
    });
    this.inputs = this.operations.filter((op) => op.kind === "input").map((op) => op.shape);
  }

  static weight({shape, axis, floats, scales, numbers}, buffer, begin) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (floats !== undefined) return {shape, data: new Float32Array(buffer, floats, count)};
    const scale = new Float32Array(buffer, scales, shape[axis]);
    const whole = new Int8Array(buffer, begin + numbers, count), data = new Float32Array(count);
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    for (let i = 0; i < count; i++) data[i] = whole[i] * scale[Math.floor(i / inner) % shape[axis]];
    return {shape, data};
  }

  // Arrays of numbers, one an input, to tensors, one an output.
  run(inputs) {
    const made = [], waiting = inputs.map((data) => Float32Array.from(data));
    for (const op of this.operations) {
      if (op.kind === "input") made.push([{shape: op.shape, data: waiting.shift()}]);
      else made.push(OPERATIONS[op.kind](op, op.inputs.map(([from, output]) => made[from][output])));
    }
    return this.outputs.map(([from, output]) => made[from][output]);
  }
}
