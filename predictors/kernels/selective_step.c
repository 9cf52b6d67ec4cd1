/* One row of a block of Mamba or Mamba-2.

       z, x, delta = W_in norm(r)      u = silu(conv(x))      y = (scan + D u) * silu(z)      r + W_out y

   as in predictors/mamba.py (rank > 0: delta, B and C are maps of u) and predictors/mamba2.py (rank = 0: delta comes
   from r; B and C are convolved with u; a norm by groups follows the gate). */

#include "step.h"

enum {
    NORM,       /* (width) */
    IN,         /* (rows, width) */
    CONV,       /* (convolved, tap) */
    CONV_BIAS,  /* (convolved) */
    BIAS,       /* (head) */
    LOG_DECAY,  /* (inner, state) with rank, else (head) */
    SKIP,       /* (head) */
    OUT,        /* (width, inner) */
    SELECT,     /* (rank + 2 state, inner), with rank */
    DELTA,      /* (inner, rank), with rank */
    GATED,      /* (inner), without rank */
};
enum { PAST, H }; /* states: (convolved, tap - 1, seq), (state, inner, seq) */

/* The inputs x, replaced by silu(conv(x)); the past moves on by one. */
static void convolve(const Steps *in, const Block *block, REAL *x, long seq) {
    const long n_past = in->n_tap - 1, S = in->n_seq;
    for (long d = 0; d < in->convolved; d++) {
        const REAL *past = block->state[PAST] + d * n_past * S + seq, *w = block->weight[CONV] + d * in->n_tap;
        REAL *after = block->after[PAST] + d * n_past * S + seq, a = block->weight[CONV_BIAS][d] + w[n_past] * x[d];
        for (long k = 0; k < n_past; k++) {
            a += w[k] * past[k * S];
            after[k * S] = k + 1 < n_past ? past[(k + 1) * S] : x[d];
        }
        x[d] = a;
    }
    silu(x, in->convolved);
}

/* y = (C . h + D u) * z, z being activated already. */
static void recur(const Steps *in, const Block *block, REAL *y, const REAL *u, const REAL *delta, const REAL *B,
                  const REAL *C, const REAL *z, long n_map, long seq) {
    const REAL *log_decay = block->weight[LOG_DECAY], *skip = block->weight[SKIP], *bias = block->weight[BIAS];
    const long N = in->n_state, S = in->n_seq, per_head = in->inner / in->n_head, per_group = in->inner * N / n_map;
    for (long d = 0; d < in->inner; d += LANES) {
        const long lanes = in->inner - d < LANES ? in->inner - d : LANES;
        vec step = zero(), D = zero(), rate = zero(), v, total = zero();
        long group[LANES];
        for (long i = 0; i < lanes; i++) {
            long head = (d + i) / per_head;
            step[i] = delta[head] + bias[head], D[i] = skip[head], group[i] = (d + i) / per_group * N;
            if (!in->rank) rate[i] = log_decay[head];
        }
        step = softplus(step), v = step * load(u + d);
        vec decay = vexp(-vexp(rate) * step);
        for (long n = 0; n < N; n++) {
            vec h = zero(), b = zero() + B[n], c = zero() + C[n];
            const REAL *from = block->state[H] + (n * in->inner + d) * S + seq;
            REAL *to = block->after[H] + (n * in->inner + d) * S + seq;
            if (S == 1) h = load_some(from, lanes);
            else for (long i = 0; i < lanes; i++) h[i] = from[i * S];
            if (n_map > N) for (long i = 0; i < lanes; i++) b[i] = B[group[i] + n], c[i] = C[group[i] + n];
            if (in->rank) {
                for (long i = 0; i < lanes; i++) rate[i] = log_decay[(d + i) * N + n];
                decay = vexp(-vexp(rate) * step);
            }
            h = decay * h + v * b;
            total += h * c;
            if (S == 1) store_some(to, h, lanes);
            else for (long i = 0; i < lanes; i++) to[i * S] = h[i];
        }
        store(y + d, (total + D * load(u + d)) * load(z + d));
    }
}

int selective_step(const Steps *in, const Block *block, const REAL *r, REAL *r_after, long seq) {
    const REAL *const *w = block->weight;
    const long inner = in->inner, n_map = (in->convolved - inner) / 2, selected = in->rank + 2 * in->n_state;
    const long rows = inner + in->convolved + (in->rank ? 0 : in->n_head);
    const long part = padded(inner), whole = padded(rows) + LANES;
    REAL *x = zeros(padded(in->width) + 3 * part + 2 * whole + padded(selected) + LANES);
    if (!x) return 1;
    REAL *p = x + padded(in->width), *v = p + whole, *y = v + whole, *z = y + part, *delta = z + part, *maps = delta + part;

    memcpy(x, r, (size_t)in->width * sizeof(REAL));
    normalise(x, w[NORM], in->width, in->eps);
    product(p, w[IN], x, NULL, rows, in->width);
    /* Mamba projects to x, z; Mamba-2 to z, (u, B, C), delta */
    memcpy(z, in->rank ? p + inner : p, (size_t)inner * sizeof(REAL));
    memcpy(v, in->rank ? p : p + inner, (size_t)in->convolved * sizeof(REAL));
    convolve(in, block, v, seq);
    silu(z, inner);
    if (in->rank) {
        product(maps, w[SELECT], v, NULL, selected, inner);
        for (long d = 0; d < inner; d++)
            for (long k = 0; k < in->rank; k++) delta[d] += w[DELTA][d * in->rank + k] * maps[k];
        recur(in, block, y, v, delta, maps + in->rank, maps + in->rank + in->n_state, z, in->n_state, seq);
    } else {
        recur(in, block, y, v, p + inner + in->convolved, v + inner, v + inner + n_map, z, n_map, seq);
        const long group = inner / in->n_group;
        for (long g = 0; g < in->n_group; g++) normalise(y + g * group, w[GATED] + g * group, group, in->eps);
    }
    product(r_after, w[OUT], y, NULL, in->width, inner);
    for (long i = 0; i < in->width; i++) r_after[i] += r[i];
    free(x);
    return 0;
}
