"use strict";
// What the parts of the page share. Nothing is fetched; without these scripts the page still reads.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const unpack = (text, Kind) => new Kind(bytes(text).buffer);

function half(bits) {
  // float16: sign, five bits of exponent, ten of fraction
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}
const places = (text) => Float32Array.from(unpack(text, Uint16Array), half);

const darkly = matchMedia("(prefers-color-scheme: dark)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
