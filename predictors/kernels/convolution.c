/* A causal convolution for every channel, then SiLU: u_t = silu(bias + sum_k weight_k x_{t - n_tap + 1 + k}). */

#include "vectors.h"

typedef struct {
    long n_row, n_seq, n_channel, n_tap, x_step;
    const REAL *x, *past;       /* (channel, row, seq), x_step from channel to channel; (channel, n_tap - 1, seq) */
    const REAL *weight, *bias;  /* (channel, tap), oldest input first; (channel) */
} Convolution;

/* Input t of LANES sequences of channel d, of the past where t is negative. */
INLINE vec input(const Convolution *in, long d, long t, long seq, long lanes) {
    const long n_past = in->n_tap - 1;
    const REAL *from = t < 0 ? in->past + (d * n_past + n_past + t) * in->n_seq : in->x + d * in->x_step + t * in->n_seq;
    return load_some(from + seq, lanes);
}

/* Inputs of LANES sequences of one channel, the past ones first. */
static void gather(const Convolution *in, vec *x, long d, long seq, long lanes) {
    const long n_past = in->n_tap - 1;
    for (long t = -n_past; t < in->n_row; t++) x[n_past + t] = input(in, d, t, seq, lanes);
}

INLINE vec weighted(const Convolution *in, const vec *x, long d) {
    vec total = zero() + in->bias[d];
    for (long k = 0; k < in->n_tap; k++) total += in->weight[d * in->n_tap + k] * x[k];
    return total;
}

/* 0, or 1 if there is no memory; u is dense (channel, row, seq) */
int convolution_forward(const Convolution *in, REAL *u) {
    vec *x = aligned_alloc(BYTES, (size_t)(in->n_row + in->n_tap) * sizeof(vec));
    if (!x) return 1;
    for (long d = 0; d < in->n_channel; d++)
        for (long seq = 0; seq < in->n_seq; seq += LANES) {
            const long lanes = in->n_seq - seq < LANES ? in->n_seq - seq : LANES;
            gather(in, x, d, seq, lanes);
            for (long t = 0; t < in->n_row; t++) {
                vec a = weighted(in, x + t, d);
                store_some(u + (d * in->n_row + t) * in->n_seq + seq, a * sigmoid(a), lanes);
            }
        }
    free(x);
    return 0;
}

/* What the convolution remembers at every row from `first`: the last n_tap - 1 inputs of each channel, oldest first, as
   (seq, row, channel, n_tap - 1), which is what a tap sees. A block of sequences of one row is turned in registers and
   written in whole lines of the cache: every input is read from memory once, though it is written n_tap - 1 times. The
   next row is called for meanwhile, as its numbers lie far apart. */
void convolution_windows(const Convolution *in, long first, REAL *windows) {
    const long n_past = in->n_tap - 1, width = in->n_channel * n_past, apart = (in->n_row - first) * width;
    large_pages(windows, in->n_seq * apart);
    for (long seq = 0; seq < in->n_seq; seq += LANES) {
        const long lanes = in->n_seq - seq < LANES ? in->n_seq - seq : LANES;
        for (long t = first; t < in->n_row; t++) {
            REAL *to = windows + seq * apart + (t - first) * width;
            for (long j = 0, d = 0, k = 0; j < width; j += LANES) {
                const long some = width - j < LANES ? width - j : LANES;
                vec v[LANES];
                for (long i = 0; i < LANES; i++) {
                    v[i] = i < some ? input(in, d, t + 1 + k - n_past, seq, lanes) : zero();
                    if (++k < n_past) continue;
                    if (t + 1 < in->n_row) __builtin_prefetch(in->x + d * in->x_step + (t + 1) * in->n_seq + seq);
                    k = 0, d++;
                }
                transpose(v);
                for (long lane = 0; lane < lanes; lane++) store_past(to + lane * apart + j, v[lane], some);
            }
        }
    }
    stored_past();
}

/* 0, or 1 if there is no memory; derivatives by the inputs, dense */
int convolution_backward(const Convolution *in, const REAL *gu, REAL *gx, REAL *g_past, REAL *g_weight, REAL *g_bias) {
    const long n_past = in->n_tap - 1, n_all = in->n_row + n_past;
    vec *x = aligned_alloc(BYTES, (size_t)(2 * n_all + in->n_tap) * sizeof(vec)), *gx_ = x + n_all, *gw = gx_ + n_all;
    if (!x) return 1;
    for (long d = 0; d < in->n_channel; d++) {
        vec gb = zero();
        memset(gw, 0, (size_t)in->n_tap * sizeof(vec));
        for (long seq = 0; seq < in->n_seq; seq += LANES) {
            const long lanes = in->n_seq - seq < LANES ? in->n_seq - seq : LANES;
            gather(in, x, d, seq, lanes);
            memset(gx_, 0, (size_t)n_all * sizeof(vec));
            for (long t = 0; t < in->n_row; t++) {
                vec a = weighted(in, x + t, d), s = sigmoid(a);
                vec ga = load_some(gu + (d * in->n_row + t) * in->n_seq + seq, lanes) * s * (1 + a * (1 - s));
                gb += ga;
                for (long k = 0; k < in->n_tap; k++) {
                    gw[k] += ga * x[t + k];
                    gx_[t + k] += ga * in->weight[d * in->n_tap + k];
                }
            }
            for (long t = 0; t < n_past; t++) store_some(g_past + (d * n_past + t) * in->n_seq + seq, gx_[t], lanes);
            for (long t = 0; t < in->n_row; t++)
                store_some(gx + (d * in->n_row + t) * in->n_seq + seq, gx_[n_past + t], lanes);
        }
        for (long k = 0; k < in->n_tap; k++) g_weight[d * in->n_tap + k] = sum(gw[k]);
        g_bias[d] = sum(gb);
    }
    free(x);
    return 0;
}
