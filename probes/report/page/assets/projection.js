// From coordinates of beliefs to the canvas. Two coordinates lie flat; of three or more the first three can be turned.

class Projection {
  // data: dimension, frame (left, right, bottom, top) of what lies flat; scene: true places and corners
  constructor(data, places, corners) {
    this.dimension = data.dimension;
    this.solid = data.dimension >= 3;
    this.turn = 0;
    this.tilt = 0;
    if (this.solid) this.enclose([places, corners]);
    else [this.left, this.right, this.bottom, this.top] = data.frame;
    this.aspect = (this.top - this.bottom) / (this.right - this.left);
  }

  enclose(sets) {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity], d = this.dimension;
    for (const set of sets) for (let i = 0; i < set.length; i += d) for (let k = 0; k < 3; k++) {
      low[k] = Math.min(low[k], set[i + k]);
      high[k] = Math.max(high[k], set[i + k]);
    }
    this.centre = low.map((v, k) => (v + high[k]) / 2);
    let radius = 0;
    for (const set of sets) for (let i = 0; i < set.length; i += d)
      radius = Math.max(radius, Math.hypot(...this.centre.map((c, k) => set[i + k] - c)));
    radius = (radius || 1) * 1.12;
    [this.left, this.right, this.bottom, this.top] = [-radius, radius, -radius, radius];
  }

  // x and y of every point in parts of the canvas, from the left and from the top
  project(set) {
    const d = this.dimension, n = set.length / d, at = new Float32Array(2 * n);
    const [ct, st, ce, se] = [Math.cos(this.turn), Math.sin(this.turn), Math.cos(this.tilt), Math.sin(this.tilt)];
    const wide = this.right - this.left, high = this.top - this.bottom;
    for (let i = 0; i < n; i++) {
      let x = set[d * i], y = d > 1 ? set[d * i + 1] : (((i * 0.618034) % 1) - 0.5) * 0.6 * high;
      if (this.solid) {
        const [cx, cy, cz] = this.centre;
        const u = x - cx, v = y - cy, w = set[d * i + 2] - cz, depth = w * ct - u * st;
        x = u * ct + w * st;
        y = v * ce - depth * se;
      }
      at[2 * i] = (x - this.left) / wide;
      at[2 * i + 1] = (this.top - y) / high;
    }
    return at;
  }
}

const within = (at, i) => at[2 * i] >= 0 && at[2 * i] <= 1 && at[2 * i + 1] >= 0 && at[2 * i + 1] <= 1;
