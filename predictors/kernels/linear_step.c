/* One row of a block whose recurrence is linear: minGRU (predictors/mingru.py) and LRU (predictors/lru.py). */

#include "step.h"

/* z, c = W_in norm(r) + b      h' = (1 - sigmoid(z)) h + sigmoid(z) g(c)      r + W_out h' */
int mingru_step(const Steps *in, const Block *block, const REAL *r, REAL *r_after, long seq) {
    enum { NORM, NORM_BIAS, IN, IN_BIAS, OUT }; /* (width), (width), (2 inner, width), (2 inner), (width, inner) */
    const REAL *const *w = block->weight, *h = block->state[0] + seq * in->inner;
    const long inner = in->inner;
    REAL *after = block->after[0] + seq * inner, *x = zeros(padded(in->width) + padded(2 * inner));
    if (!x) return 1;
    REAL *z = x + padded(in->width), *c = z + inner;
    memcpy(x, r, (size_t)in->width * sizeof(REAL));
    centre_and_normalise(x, w[NORM], w[NORM_BIAS], in->width, in->eps);
    product(z, w[IN], x, w[IN_BIAS], 2 * inner, in->width);
    for (long d = 0; d < inner; d += LANES) {
        const long n = inner - d < LANES ? inner - d : LANES;
        vec update = sigmoid(load_some(z + d, n)), a = load_some(c + d, n), old = load_some(h + d, n);
        vec candidate = where(a > 0, a + (REAL)0.5, sigmoid(a));
        store_some(after + d, (1 - update) * old + update * candidate, n);
    }
    product(r_after, w[OUT], after, NULL, in->width, inner);
    for (long i = 0; i < in->width; i++) r_after[i] += r[i];
    free(x);
    return 0;
}

/* h' = lambda h + gamma B u, u = norm(r)      y = Re(C h') + D u      r + (W_1 v + b_1) * sigmoid(W_2 v + b_2),
   v = gelu(y). Real and imaginary parts side by side. */
int lru_step(const Steps *in, const Block *block, const REAL *r, REAL *r_after, long seq) {
    enum {
        NORM, NORM_BIAS,              /* (width) */
        LOG_NU, LOG_THETA, LOG_GAMMA, /* (state) */
        IN, OUT,                      /* (2 state, width), (width, 2 state) */
        SKIP,                         /* (width) */
        GLU, GLU_BIAS,                /* (2 width, width), (2 width) */
    };
    const REAL *const *w = block->weight;
    const long width = in->width, n = in->n_state;
    const REAL *h = block->state[0] + seq * 2 * n;
    REAL *after = block->after[0] + seq * 2 * n, *u = zeros(2 * padded(width) + padded(2 * n) + padded(2 * width));
    if (!u) return 1;
    REAL *v = u + padded(width), *drive = v + padded(width), *gates = drive + padded(2 * n);
    memcpy(u, r, (size_t)width * sizeof(REAL));
    centre_and_normalise(u, w[NORM], w[NORM_BIAS], width, in->eps);
    product(drive, w[IN], u, NULL, 2 * n, width);
    for (long k = 0; k < n; k++) {
        const REAL modulus = real_exp(-real_exp(w[LOG_NU][k])), phase = real_exp(w[LOG_THETA][k]);
        const REAL re = modulus * real_cos(phase), im = modulus * real_sin(phase), gamma = real_exp(w[LOG_GAMMA][k]);
        after[2 * k] = re * h[2 * k] - im * h[2 * k + 1] + gamma * drive[2 * k];
        after[2 * k + 1] = re * h[2 * k + 1] + im * h[2 * k] + gamma * drive[2 * k + 1];
    }
    product(v, w[OUT], after, NULL, width, 2 * n);
    for (long i = 0; i < width; i++) {
        const REAL y = v[i] + w[SKIP][i] * u[i];
        v[i] = (REAL)0.5 * y * (1 + real_erf(y * (REAL)0.70710678118654752440));
    }
    product(gates, w[GLU], v, w[GLU_BIAS], width, width);
    for (long i = 0; i < width; i++) r_after[i] = gates[i];
    product(gates, w[GLU] + width * width, v, w[GLU_BIAS] + width, width, width);
    logistic(gates, width);
    for (long i = 0; i < width; i++) r_after[i] = r[i] + r_after[i] * gates[i];
    free(u);
    return 0;
}
