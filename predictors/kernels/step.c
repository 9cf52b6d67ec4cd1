/* One row of a whole block of Mamba or Mamba-2, for few sequences and no derivatives: generating one symbol after
   another, the calls of a dozen small operations would cost more than what they do.

       z, x, delta = W_in norm(r)      u = silu(conv(x))      y = (scan + D u) * silu(z)      r + W_out y

   as in predictors/mamba.py (rank > 0: delta, B and C are maps of u) and predictors/mamba2.py (rank = 0: delta comes
   from r; B and C are convolved with u; a norm by groups follows the gate). Vectors run along channels. */

#include <math.h>

#include "vectors.h"

typedef struct {
    long n_seq, width, inner, convolved, n_state, n_tap, n_head, n_group, rank;
    const REAL *r, *past, *h;                    /* (seq, width), (convolved, tap - 1, seq), (state, inner, seq) */
    REAL *r_after, *past_after, *h_after;        /* likewise */
    const REAL *norm, *in, *conv, *conv_bias;    /* (width), (rows, width), (convolved, tap), (convolved) */
    const REAL *select, *delta, *bias;           /* (rank + 2 state, inner), (inner, rank); NULL without rank; (head) */
    const REAL *log_decay, *skip, *gated, *out;  /* (inner, state) or (head), (head), (inner) or NULL, (width, inner) */
    double eps;
} Block;

static long padded(long n) { return (n + LANES - 1) / LANES * LANES; }

/* to = M x, M of (n_row, n_column) dense; x is padded with zeros */
static void product(REAL *to, const REAL *M, const REAL *x, long n_row, long n_column) {
    for (long row = 0; row < n_row; row++) {
        const REAL *m = M + row * n_column;
        vec a = zero(), b = zero();
        long k = 0;
        for (; k + 2 * LANES <= n_column; k += 2 * LANES) {
            a += load(m + k) * load(x + k);
            b += load(m + k + LANES) * load(x + k + LANES);
        }
        for (; k < n_column; k += LANES) {
            long n = n_column - k < LANES ? n_column - k : LANES;
            a += load_some(m + k, n) * load_some(x + k, n);
        }
        to[row] = sum(a + b);
    }
}

static void normalise(REAL *x, const REAL *weight, long n, double eps) {
    REAL squares = 0;
    for (long i = 0; i < n; i++) squares += x[i] * x[i];
    REAL scale = (REAL)(1 / sqrt((double)squares / (double)n + eps));
    for (long i = 0; i < n; i++) x[i] *= scale * weight[i];
}

/* x has room for whole vectors */
static void silu(REAL *x, long n) {
    for (long i = 0; i < n; i += LANES) {
        vec v = load(x + i);
        store(x + i, v * sigmoid(v));
    }
}

/* The inputs x, replaced by silu(conv(x)); the past moves on by one. */
static void convolve(const Block *in, REAL *x, long seq) {
    const long n_past = in->n_tap - 1, S = in->n_seq;
    for (long d = 0; d < in->convolved; d++) {
        const REAL *past = in->past + d * n_past * S + seq, *w = in->conv + d * in->n_tap;
        REAL *after = in->past_after + d * n_past * S + seq, a = in->conv_bias[d] + w[n_past] * x[d];
        for (long k = 0; k < n_past; k++) {
            a += w[k] * past[k * S];
            after[k * S] = k + 1 < n_past ? past[(k + 1) * S] : x[d];
        }
        x[d] = a;
    }
    silu(x, in->convolved);
}

/* y = (C . h + D u) * z, z being activated already. */
static void recur(const Block *in, REAL *y, const REAL *u, const REAL *delta, const REAL *B, const REAL *C,
                  const REAL *z, long n_map, long seq) {
    const long N = in->n_state, S = in->n_seq, per_head = in->inner / in->n_head, per_group = in->inner * N / n_map;
    for (long d = 0; d < in->inner; d += LANES) {
        const long lanes = in->inner - d < LANES ? in->inner - d : LANES;
        vec step = zero(), D = zero(), rate = zero(), v, total = zero();
        long group[LANES];
        for (long i = 0; i < lanes; i++) {
            long head = (d + i) / per_head;
            step[i] = delta[head] + in->bias[head], D[i] = in->skip[head], group[i] = (d + i) / per_group * N;
            if (!in->rank) rate[i] = in->log_decay[head];
        }
        step = softplus(step), v = step * load(u + d);
        vec decay = vexp(-vexp(rate) * step);
        for (long n = 0; n < N; n++) {
            vec h = zero(), b = zero() + B[n], c = zero() + C[n];
            const REAL *from = in->h + (n * in->inner + d) * S + seq;
            REAL *to = in->h_after + (n * in->inner + d) * S + seq;
            if (S == 1) h = load_some(from, lanes);
            else for (long i = 0; i < lanes; i++) h[i] = from[i * S];
            if (n_map > N) for (long i = 0; i < lanes; i++) b[i] = B[group[i] + n], c[i] = C[group[i] + n];
            if (in->rank) {
                for (long i = 0; i < lanes; i++) rate[i] = in->log_decay[(d + i) * N + n];
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

/* 0, or 1 if there is no memory */
int step_block(const Block *in) {
    const long inner = in->inner, n_map = (in->convolved - inner) / 2, selected = in->rank + 2 * in->n_state;
    const long rows = inner + in->convolved + (in->rank ? 0 : in->n_head), size = padded(in->width) + LANES;
    REAL *room = aligned_alloc(BYTES, (size_t)(size + 4 * padded(inner) + 2 * padded(rows) + padded(selected) + LANES) * sizeof(REAL));
    if (!room) return 1;
    REAL *x = room, *p = x + size, *y = p + padded(rows) + LANES, *z = y + padded(inner), *delta = z + padded(inner);
    REAL *v = delta + padded(inner), *maps = v + padded(rows);
    memset(room, 0, (size_t)(size + 4 * padded(inner) + 2 * padded(rows) + padded(selected)) * sizeof(REAL));
    for (long seq = 0; seq < in->n_seq; seq++) {
        const REAL *r = in->r + seq * in->width;
        memcpy(x, r, (size_t)in->width * sizeof(REAL));
        normalise(x, in->norm, in->width, in->eps);
        product(p, in->in, x, rows, in->width);
        /* Mamba projects to x, z; Mamba-2 to z, (u, B, C), delta */
        memcpy(z, in->rank ? p + inner : p, (size_t)inner * sizeof(REAL));
        memcpy(v, in->rank ? p : p + inner, (size_t)in->convolved * sizeof(REAL));
        convolve(in, v, seq);
        silu(z, inner);
        if (in->rank) {
            product(maps, in->select, v, selected, inner);
            for (long d = 0; d < inner; d++) {
                delta[d] = 0;
                for (long k = 0; k < in->rank; k++) delta[d] += in->delta[d * in->rank + k] * maps[k];
            }
            recur(in, y, v, delta, maps + in->rank, maps + in->rank + in->n_state, z, in->n_state, seq);
        } else {
            recur(in, y, v, p + inner + in->convolved, v + inner, v + inner + n_map, z, n_map, seq);
            for (long g = 0; g < in->n_group; g++) {
                const long width = inner / in->n_group;
                normalise(y + g * width, in->gated + g * width, width, in->eps);
            }
        }
        product(x, in->out, y, in->width, inner);
        for (long i = 0; i < in->width; i++) in->r_after[seq * in->width + i] = r[i] + x[i];
    }
    free(room);
    return 0;
}
