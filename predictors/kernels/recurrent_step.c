/* One row of a layer of an RNN, a GRU or an LSTM, as in predictors/recurrent.py: what it gives is h, its first state. */

#include "step.h"

enum { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH }; /* gates stacked in torch's order */
enum { RELU = 4 };                               /* its place among the kinds; that of tanh is before it */

/* (2, n_gate * width) numbers to be freed: what the gates take from x, and from h; NULL if there is no memory. h has
   no room for whole vectors, and `product` asks for none. */
static REAL *gates(const Steps *in, const Block *block, const REAL *x, const REAL *h, long n_gate) {
    const REAL *const *w = block->weight;
    const long rows = n_gate * in->width;
    REAL *found = zeros(2 * rows);
    if (!found) return NULL;
    product(found, w[WEIGHT_IH], x, w[BIAS_IH], rows, in->width);
    product(found + rows, w[WEIGHT_HH], h, w[BIAS_HH], rows, in->width);
    return found;
}

static REAL one_logistic(REAL x) { return 1 / (1 + real_exp(-x)); }

int rnn_step(const Steps *in, const Block *block, const REAL *x, REAL *h_after, long seq) {
    const long n = in->width;
    REAL *a = gates(in, block, x, block->state[0] + seq * n, 1), *after = block->after[0] + seq * n;
    if (!a) return 1;
    for (long d = 0; d < n; d++) {
        const REAL total = a[d] + a[n + d];
        after[d] = h_after[d] = in->kind == RELU ? (total < 0 ? 0 : total) : real_tanh(total);
    }
    free(a);
    return 0;
}

int gru_step(const Steps *in, const Block *block, const REAL *x, REAL *h_after, long seq) {
    const long n = in->width;
    const REAL *h = block->state[0] + seq * n;
    REAL *a = gates(in, block, x, h, 3), *b = a + 3 * n, *after = block->after[0] + seq * n;
    if (!a) return 1;
    for (long d = 0; d < n; d++) {
        const REAL reset = one_logistic(a[d] + b[d]), update = one_logistic(a[n + d] + b[n + d]);
        const REAL new = real_tanh(a[2 * n + d] + reset * b[2 * n + d]);
        after[d] = h_after[d] = (1 - update) * new + update * h[d];
    }
    free(a);
    return 0;
}

int lstm_step(const Steps *in, const Block *block, const REAL *x, REAL *h_after, long seq) {
    const long n = in->width;
    const REAL *c = block->state[1] + seq * n;
    REAL *a = gates(in, block, x, block->state[0] + seq * n, 4);
    REAL *after = block->after[0] + seq * n, *c_after = block->after[1] + seq * n;
    if (!a) return 1;
    for (long d = 0; d < n; d++) {
        REAL gate[4];
        for (long k = 0; k < 4; k++) gate[k] = a[k * n + d] + a[(4 + k) * n + d];
        c_after[d] = one_logistic(gate[1]) * c[d] + one_logistic(gate[0]) * real_tanh(gate[2]);
        after[d] = h_after[d] = one_logistic(gate[3]) * real_tanh(c_after[d]);
    }
    free(a);
    return 0;
}
