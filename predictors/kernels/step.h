/* One row of a stack of blocks, for few sequences and no derivatives: generating one symbol after another, the calls of
   a few dozen small operations would cost far more than what they do. Vectors run along channels. */

#include <math.h>

#include "vectors.h"

typedef struct {
    const REAL *weight[11]; /* in the order of its architecture's file; NULL where it has none */
    const REAL *state[2];   /* before the row, and after it, each shaped as the architecture carries it */
    REAL *after[2];
} Block;

typedef struct {
    long kind, n_block, n_seq, width, n_symbol;
    long inner, convolved, n_state, n_tap, n_head, n_group, rank; /* those that the architecture has, else 0 */
    double eps;
    const Block *blocks;
    REAL *stream;                                /* (block + 1, seq, width): before the first block, and after each */
    const int64_t *tokens;                       /* (seq), or NULL: then stream starts filled, and the blocks are all */
    const REAL *embedding, *norm, *norm_bias;    /* norm is NULL where there is none, norm_bias for a norm of squares */
    const REAL *readout, *readout_bias;
    REAL *final, *log_probs;                     /* (seq, width), (seq, symbol) */
} Steps;

/* Of one sequence, from r to r_after, which have `width` numbers; 0, or 1 if there is no memory. */
int selective_step(const Steps *in, const Block *block, const REAL *r, REAL *r_after, long seq);
int mingru_step(const Steps *in, const Block *block, const REAL *r, REAL *r_after, long seq);
int lru_step(const Steps *in, const Block *block, const REAL *r, REAL *r_after, long seq);
int rnn_step(const Steps *in, const Block *block, const REAL *x, REAL *h_after, long seq);
int gru_step(const Steps *in, const Block *block, const REAL *x, REAL *h_after, long seq);
int lstm_step(const Steps *in, const Block *block, const REAL *x, REAL *h_after, long seq);

INLINE long padded(long n) { return (n + LANES - 1) / LANES * LANES; }

/* n zeros and a vector more, to be freed; NULL if there is no memory */
INLINE REAL *zeros(long n) {
    const size_t bytes = (size_t)(padded(n) + LANES) * sizeof(REAL);
    REAL *room = aligned_alloc(BYTES, bytes);
    if (room) memset(room, 0, bytes);
    return room;
}

/* to = M x + bias, M of (n_row, n_column) dense; bias may be NULL */
INLINE void product(REAL *to, const REAL *M, const REAL *x, const REAL *bias, long n_row, long n_column) {
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
        to[row] = sum(a + b) + (bias ? bias[row] : 0);
    }
}

/* Root mean square norm, in place */
INLINE void normalise(REAL *x, const REAL *weight, long n, double eps) {
    REAL squares = 0;
    for (long i = 0; i < n; i++) squares += x[i] * x[i];
    REAL scale = (REAL)(1 / sqrt((double)squares / (double)n + eps));
    for (long i = 0; i < n; i++) x[i] *= scale * weight[i];
}

/* Layer norm, in place */
INLINE void centre_and_normalise(REAL *x, const REAL *weight, const REAL *bias, long n, double eps) {
    double total = 0, squares = 0;
    for (long i = 0; i < n; i++) total += x[i];
    const double mean = total / (double)n;
    for (long i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    const double scale = 1 / sqrt(squares / (double)n + eps);
    for (long i = 0; i < n; i++) x[i] = (REAL)((x[i] - mean) * scale) * weight[i] + bias[i];
}

/* These two work on whole vectors: x has room for them. */
INLINE void silu(REAL *x, long n) {
    for (long i = 0; i < n; i += LANES) {
        vec v = load(x + i);
        store(x + i, v * sigmoid(v));
    }
}

INLINE void logistic(REAL *x, long n) {
    for (long i = 0; i < n; i += LANES) store(x + i, sigmoid(load(x + i)));
}

INLINE REAL real_exp(REAL x) { return DOUBLE ? (REAL)exp((double)x) : (REAL)expf((float)x); }
INLINE REAL real_log(REAL x) { return DOUBLE ? (REAL)log((double)x) : (REAL)logf((float)x); }
INLINE REAL real_sin(REAL x) { return DOUBLE ? (REAL)sin((double)x) : (REAL)sinf((float)x); }
INLINE REAL real_cos(REAL x) { return DOUBLE ? (REAL)cos((double)x) : (REAL)cosf((float)x); }
INLINE REAL real_erf(REAL x) { return DOUBLE ? (REAL)erf((double)x) : (REAL)erff((float)x); }
INLINE REAL real_tanh(REAL x) { return DOUBLE ? (REAL)tanh((double)x) : (REAL)tanhf((float)x); }
