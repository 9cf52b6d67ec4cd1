// One picture of beliefs: the true ones, or where a network's readout puts them. It knows how to draw itself and what lies
// under the pointer; which point is chosen, and how the scene is turned, it is told.

class Panel {
  constructor(explorer, { name, truth = false }) {
    Object.assign(this, { explorer, name, truth, picture: null, set: null, at: null, base: null });
    this.canvas = make("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "img");
    this.detail = make("small");
    this.below = make("small");
    this.element = make("div", {}, make("b", { textContent: name }), this.detail, this.canvas, this.below);
    this.listen();
  }

  // a picture, or nothing with the reason
  show(picture, detail) {
    this.picture = picture;
    this.set = this.truth ? this.explorer.scene.places : picture && (picture.at ??= places(picture.probed));
    this.detail.textContent = detail;
    this.canvas.hidden = !this.set;
    this.base = null;
    this.draw();
  }

  listen() {
    const { canvas, explorer } = this;
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = explorer.projection.solid && { x: event.clientX, y: event.clientY };
      explorer.choose(this.nearest(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (drag && event.buttons) {
        canvas.setPointerCapture(event.pointerId);
        explorer.rotate((event.clientX - drag.x) / 120, (drag.y - event.clientY) / 120);
        drag = { x: event.clientX, y: event.clientY };
      } else explorer.choose(this.nearest(event));
    });
    canvas.addEventListener("pointerup", () => (drag = null));
    canvas.addEventListener("pointercancel", () => (drag = null));
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && explorer.choose(null));
    canvas.addEventListener("keydown", (event) => explorer.key(event));
  }

  draw() {
    const ratio = window.devicePixelRatio || 1, { canvas, explorer } = this, { scene, projection, chosen } = explorer;
    const width = this.element.clientWidth, height = width * projection.aspect;
    if (!width || !this.set) return;
    const view = [width, ratio, projection.turn, projection.tilt, darkly.matches].join();
    if (!this.base || this.view !== view) {
      this.view = view;
      this.at = projection.project(this.set);
      this.true = this.truth ? this.at : projection.project(scene.places);
      this.base = this.paint(width, height, ratio);
      let outside = 0;
      for (let i = 0; i < scene.count; i++) outside += !within(this.at, i);
      this.below.textContent = outside ? `${outside.toLocaleString("en")} outside the frame` : "";
      canvas.setAttribute("aria-label", [this.name, this.detail.textContent, this.below.textContent].filter(Boolean).join(", "));
      canvas.style.height = `${height}px`;
      [canvas.width, canvas.height] = [this.base.width, this.base.height];
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.base, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (chosen !== null) this.mark(context, chosen, width, height);
  }

  paint(width, height, ratio) {
    const { scene, projection } = this.explorer, [W, H] = [Math.round(width * ratio), Math.round(height * ratio)];
    const base = make("canvas", { width: Math.max(1, W), height: Math.max(1, H) }), context = base.getContext("2d");
    const lighten = darkly.matches ? 0.22 : 0, ink = colour("ink"), muted = colour("muted"), n = scene.count;
    const size = (belief) => 2.2 + 9 * Math.sqrt(scene.share.get(belief)) * Math.min(1.2, width / 220);
    const paint = (i) => `rgb(${[0, 1, 2].map((k) => Math.round(scene.colour[3 * i + k] + lighten * (255 - scene.colour[3 * i + k])))})`;
    if (!this.truth || !scene.few) {
      const radius = Math.max(0.6, Math.min(1.6, Math.sqrt(4000 / n))) * Math.min(1.3, Math.max(0.8, width / 220));
      drawCloud(context, this.at, scene.order, scene.colour, { width, height, ratio, radius, alpha: n > 2000 ? 0.6 : 0.8, lighten });
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (scene.few) {
      const byShare = [...scene.members].sort((a, b) => scene.share.get(b[0]) - scene.share.get(a[0]));
      for (const [belief, [first]] of byShare) {
        disc(context, this.true[2 * first] * width, this.true[2 * first + 1] * height, size(belief));
        context.lineWidth = this.truth ? 0.6 : 0.8;
        context.strokeStyle = this.truth ? ink : muted;
        context.fillStyle = paint(first);
        if (this.truth) context.fill();
        context.stroke();
      }
    }
    context.globalCompositeOperation = "destination-over";
    if (scene.corners.length) drawEdges(context, projection.project(scene.corners), scene.names, { width, height });
    return base;
  }

  mark(context, i, width, height) {
    const { scene } = this.explorer, X = (at, j) => at[2 * j] * width, Y = (at, j) => at[2 * j + 1] * height;
    for (const [style, wider] of [["page", 2], ["ink", 0]]) {  // an edge in the page's colour, to be seen on any cloud
      context.strokeStyle = colour(style);
      context.lineWidth = 0.9 + wider;
      if (!this.truth) for (const j of scene.members.get(scene.belief[i]).slice(0, 200)) { disc(context, X(this.at, j), Y(this.at, j), 2.6); context.stroke(); }
      context.lineWidth = 2 + wider;
      if (!this.truth) {
        context.beginPath();
        context.moveTo(X(this.true, i), Y(this.true, i));
        context.lineTo(X(this.at, i), Y(this.at, i));
        context.stroke();
        disc(context, X(this.at, i), Y(this.at, i), 5);
        context.stroke();
      }
      cross(context, X(this.true, i), Y(this.true, i), 6);
    }
  }

  // the likeliest point under the pointer, or the nearest one within reach
  nearest(event) {
    if (!this.at) return null;
    const box = this.canvas.getBoundingClientRect(), reach = event.pointerType === "touch" ? 24 : 14;
    const x = event.clientX - box.left, y = event.clientY - box.top;
    let best = null, closest = reach ** 2;
    for (const i of this.explorer.scene.likeliest) {
      const d = (this.at[2 * i] * box.width - x) ** 2 + (this.at[2 * i + 1] * box.height - y) ** 2;
      if (d < closest - 1e-6) [closest, best] = [d, i];
    }
    return best;
  }
}
