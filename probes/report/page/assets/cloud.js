// Drawing on a canvas: a cloud of many points, discs of few beliefs, and the marks of the one that is chosen.

// Points in a fixed random order, so that no belief lies on top of the others by its place in the list. They are set into
// the image themselves: twenty thousand of them take a few thousandths of a second.
function drawCloud(context, at, order, rgb, { width, height, ratio, radius, alpha, lighten }) {
  const W = Math.round(width * ratio), H = Math.round(height * ratio), image = context.createImageData(W, H), data = image.data;
  const r = radius * ratio, reach = Math.ceil(r), stamp = [];
  for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) {
    const cover = Math.min(1, Math.max(0, r + 0.5 - Math.hypot(dx, dy))) * alpha;
    if (cover > 0.02) stamp.push([dx, dy, cover]);
  }
  for (const i of order) {
    if (!within(at, i)) continue;
    const X = Math.round(at[2 * i] * W), Y = Math.round(at[2 * i + 1] * H);
    const [red, green, blue] = [0, 1, 2].map((k) => rgb[3 * i + k] + lighten * (255 - rgb[3 * i + k]));
    for (const [dx, dy, a] of stamp) {
      const x = X + dx, y = Y + dy;
      if (x < 0 || y < 0 || x >= W || y >= H) continue;
      const p = 4 * (y * W + x), under = (data[p + 3] / 255) * (1 - a), all = a + under;
      data[p] = (red * a + data[p] * under) / all;
      data[p + 1] = (green * a + data[p + 1] * under) / all;
      data[p + 2] = (blue * a + data[p + 2] * under) / all;
      data[p + 3] = 255 * all;
    }
  }
  context.putImageData(image, 0, 0);
}

function disc(context, x, y, r) {
  context.beginPath();
  context.arc(x, y, r, 0, 7);
}

function cross(context, x, y, r) {
  context.beginPath();
  for (const [dx, dy] of [[1, 1], [1, -1]]) {
    context.moveTo(x - r * dx, y - r * dy);
    context.lineTo(x + r * dx, y + r * dy);
  }
  context.stroke();
}

function drawEdges(context, corners, names, { width, height }) {
  const n = corners.length / 2, centre = [0, 1].map((k) => [...Array(n).keys()].reduce((sum, i) => sum + corners[2 * i + k], 0) / n);
  context.strokeStyle = colour("grid");
  context.lineWidth = 1;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) {
    context.beginPath();
    context.moveTo(corners[2 * i] * width, corners[2 * i + 1] * height);
    context.lineTo(corners[2 * j] * width, corners[2 * j + 1] * height);
    context.stroke();
  }
  context.fillStyle = colour("muted");
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < n; i++) {
    const [x, y] = [0, 1].map((k) => corners[2 * i + k] + 0.035 * Math.sign(corners[2 * i + k] - centre[k] || 0) * (k ? 1.4 : 1));
    context.fillText(names[i], Math.min(width - 8, Math.max(8, x * width)), Math.min(height - 7, Math.max(7, y * height)));
  }
}

function shuffled(n) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
