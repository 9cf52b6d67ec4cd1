// The belief pictures of one process, linked: one point is chosen in all of them, one view turns them, one slider goes through
// training, and what they show is the networks at one site, or the sites of one network.

class Explorer {
  constructor(host, data) {
    this.data = data;
    this.scene = unpackScene(data);
    this.projection = new Projection(data, this.scene.places, this.scene.corners);
    this.chosen = null;
    this.panels = [];
    this.grid = make("div", { className: "beliefs" });
    this.hint = make("p", { className: "hint" });
    this.hint.setAttribute("role", "status");
    this.told = make("div", { className: "scroll readout", hidden: true });
    host.append(this.controls(), this.grid, this.hint, this.told);
    this.rebuild();
    new ResizeObserver(() => this.redraw()).observe(this.grid);
    darkly.addEventListener("change", () => this.redraw());
  }

  controls() {
    const { predictors, seeds, steps } = this.data, box = make("div", { className: "filters controls" });
    const sites = [...new Set(this.data.pictures.map((p) => p.site))];
    this.view = make("select", { name: "view" }, make("option", { value: "best", textContent: "each network at its best site" }));
    if (sites.length > 1) {
      const at = make("optgroup", { label: "All networks at" }), of = make("optgroup", { label: "All sites of" });
      sites.forEach((site) => at.append(make("option", { value: `at ${site}`, textContent: site })));
      predictors.forEach((name, i) => of.append(make("option", { value: `of ${i}`, textContent: name })));
      this.view.append(at, of);
    }
    this.view.addEventListener("change", () => this.rebuild());
    box.append(make("label", { textContent: "Show" }, this.view));
    if (seeds.length > 1) {
      this.seed = make("select", { name: "seed" }, ...seeds.map((seed) => make("option", { value: seed, textContent: seed })));
      this.seed.addEventListener("change", () => this.rebuild());
      box.append(make("label", { textContent: "Seed" }, this.seed));
    }
    this.time = this.slider(box, "Training", "step", 0, steps.length, steps.length, () => this.place());
    this.time.parentElement.hidden = steps.length === 0;
    if (this.projection.solid) {
      const turned = () => {
        this.projection.turn = (this.turn.value * Math.PI) / 180;
        this.projection.tilt = (this.tilt.value * Math.PI) / 180;
        this.turn.output.textContent = `${this.turn.value}°`;
        this.tilt.output.textContent = `${this.tilt.value}°`;
        this.redraw();
      };
      this.turn = this.slider(box, "Turn", "turn", -180, 180, 0, turned);
      this.tilt = this.slider(box, "Tilt", "tilt", -90, 90, 0, turned);
      turned();
    }
    return box;
  }

  slider(box, label, name, min, max, value, heard) {
    const input = make("input", { type: "range", name, min, max, step: 1 }), output = make("output");
    input.value = value;
    input.output = output;
    input.addEventListener("input", heard);
    box.append(make("label", { textContent: label }, input, output));
    return input;
  }

  rotate(turn, tilt) {
    const degrees = (v) => Math.round((v * 180) / Math.PI);
    this.turn.value = ((((+this.turn.value + degrees(turn) + 180) % 360) + 360) % 360) - 180;
    this.tilt.value = Math.max(-90, Math.min(90, +this.tilt.value + degrees(tilt)));
    this.turn.dispatchEvent(new Event("input"));
  }

  // which panels there are
  rebuild() {
    const [kind, ...rest] = this.view.value.split(" "), what = rest.join(" "), { predictors, pictures } = this.data;
    const seed = this.seed ? Number(this.seed.value) : null;
    const mine = pictures.filter((p) => seed === null || p.seed === null || p.seed === seed);
    const slots =
      kind === "of"
        ? [...new Set(mine.filter((p) => p.predictor === +what).map((p) => p.site))].map((site) => ({ name: site, predictor: +what, site }))
        : predictors.map((name, predictor) => ({ name, predictor, site: kind === "at" ? what : null }));
    this.panels = [new Panel(this, { name: "True beliefs", truth: true })];
    for (const slot of slots) {
      const panel = new Panel(this, slot);
      panel.found = mine.filter((p) => p.predictor === slot.predictor && (slot.site === null ? p.best : p.site === slot.site));
      panel.besideSite = kind !== "of";
      this.panels.push(panel);
    }
    this.grid.replaceChildren(...this.panels.map((panel) => panel.element));
    this.place();
  }

  // which moment of training they show
  place() {
    const { steps, end } = this.data, now = +this.time.value, step = now < steps.length ? steps[now] : null;
    const updates = (n) => `after ${n.toLocaleString("en")} update${n === 1 ? "" : "s"}`;
    this.time.output.textContent = step === null ? `trained${end ? `, ${updates(end)}` : ""}` : step ? updates(step) : "before training";
    this.time.setAttribute("aria-valuetext", this.time.output.textContent);
    for (const panel of this.panels) {
      if (panel.truth) { panel.show(null, this.data.truth); continue; }
      const there = panel.found.filter((p) => (step === null ? p.step === null : p.step !== null && p.step <= step));
      const picture = there.sort((a, b) => (a.step ?? 0) - (b.step ?? 0)).at(-1) ?? null;
      const late = picture && step !== null && picture.step !== step ? `, ${updates(picture.step)}` : "";
      const why = panel.found.length ? "nothing was kept of it by then" : "it has no such site";
      panel.show(picture, picture ? `R² ${picture.score}${panel.besideSite ? ` at ${picture.site}` : ""}${late}` : why);
    }
    this.tell();
  }

  redraw() {
    this.panels.forEach((panel) => panel.draw());
  }

  choose(point) {
    if (point === this.chosen) return;
    this.chosen = point;
    this.redraw();
    this.tell();
  }

  key(event) {
    const { likeliest, count } = this.scene, step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.choose(null);
    else if (event.key === "Home") this.choose(likeliest[0]);
    else if (step) {
      const now = this.chosen === null ? (step > 0 ? -1 : 0) : likeliest.indexOf(this.chosen);
      this.choose(likeliest[(now + step + count) % count]);
    } else return;
    event.preventDefault();
  }

  // the history and its belief, beside what is read of it
  tell() {
    const { scene, chosen } = this, i = chosen;
    this.told.hidden = i === null;
    if (i === null) {
      this.hint.textContent = `Point at a history, or choose a picture and press the arrow keys: its belief is shown beside the one read from each network.${this.projection.solid ? " Drag to turn." : ""}`;
      return;
    }
    const share = (value) => `${(100 * value).toPrecision(2)} %`, alike = scene.members.get(scene.belief[i]).length;
    const word = scene.words ? `After the symbols ${scene.words[i]}` : "A history (an earlier version did not record which)";
    const beside = alike > 1 ? ` ${alike} of the ${scene.count.toLocaleString("en")} histories shown leave this belief, ${share(scene.share.get(scene.belief[i]))} of their probability: the small circles.` : "";
    this.hint.textContent = `${word}: ${share(scene.weight[i] / scene.total)} of the probability shown.${beside} Cross: its belief; ring: where it is read.`;
    const number = (v) => make("td", { className: "number", textContent: v.toFixed(3) });
    const line = (name, set, far) => make("tr", {}, make("th", { scope: "row", textContent: name }), ...said(scene, set, i).map(number), far === null ? make("td") : number(far));
    const head = make("tr", {}, ...["", ...titles(scene), "distance"].map((text) => make("th", { scope: "col", textContent: text })));
    const shown = this.panels.filter((panel) => panel.set && !panel.truth);
    const body = make("tbody", {}, line("True belief", scene.places, null), ...shown.map((panel) => line(panel.name, panel.set, apart(scene, panel.set, i))));
    this.told.replaceChildren(make("table", {}, make("thead", {}, head), body));
  }
}
