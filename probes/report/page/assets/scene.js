// The points that all pictures of a process show: their histories, beliefs and colours, unpacked once.

function unpackScene(data) {
  const scene = data.scene;
  const found = {
    places: places(scene.places),
    corners: places(scene.corners),
    names: scene.names,
    colour: bytes(scene.colour),
    belief: unpack(scene.belief, Uint32Array),
    weight: unpack(scene.weight, Float32Array),
    words: scene.words,
    states: scene.states,
    map: scene.map,
    dimension: data.dimension,
  };
  found.count = found.belief.length;
  found.members = new Map();
  found.belief.forEach((b, i) => (found.members.get(b) ?? found.members.set(b, []).get(b)).push(i));
  found.total = found.weight.reduce((a, b) => a + b, 0);
  found.share = new Map([...found.members].map(([b, at]) => [b, at.reduce((sum, i) => sum + found.weight[i], 0) / found.total]));
  found.few = found.members.size <= data.few;
  found.order = shuffled(found.count);
  // the likeliest first: so are points found that lie on each other, and so the arrow keys go
  found.likeliest = Uint32Array.from({ length: found.count }, (_, i) => i).sort((a, b) => found.weight[b] - found.weight[a] || a - b);
  return found;
}

// what a point says: probabilities of the hidden states, or the coordinates where these do not follow from them
function said(scene, set, i) {
  const d = scene.dimension, place = set.subarray(d * i, d * i + d);
  if (!scene.states.length) return [...place.slice(0, 3)];
  return scene.states.map((_, s) => place.reduce((sum, v, k) => sum + v * scene.map[k + 1][s], scene.map[0][s]));
}

const titles = (scene) => (scene.states.length ? scene.states.map((name) => `P(${name})`) : ["first", "second", "third"].slice(0, scene.dimension).map((name) => `${name} component`));

// distance between a belief and where it was read, in the coordinates that were scored
function apart(scene, set, i) {
  let sum = 0;
  for (let k = 0; k < scene.dimension; k++) sum += (set[scene.dimension * i + k] - scene.places[scene.dimension * i + k]) ** 2;
  return Math.sqrt(sum);
}
