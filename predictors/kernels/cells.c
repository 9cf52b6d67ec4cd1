/* The cells of an LSTM at every row, from its gates before their activation: torch's fused pass gives the last alone. */

#include "vectors.h"

/* c_t = sigmoid(f_t) c_{t-1} + sigmoid(i_t) tanh(g_t). Gates are (seq, row, 3 width) in the order i f g, c is
   (seq, width), cells are (seq, row, width). */
void lstm_cells(const REAL *gates, const REAL *c, REAL *cells, long n_seq, long n_row, long width) {
    for (long seq = 0; seq < n_seq; seq++)
        for (long t = 0; t < n_row; t++) {
            const REAL *at = gates + (seq * n_row + t) * 3 * width;
            REAL *to = cells + (seq * n_row + t) * width;
            const REAL *before = t ? to - width : c + seq * width;
            for (long d = 0; d < width; d += LANES) {
                const long n = width - d < LANES ? width - d : LANES;
                const vec in = load_some(at + d, n), keep = load_some(at + width + d, n), old = load_some(before + d, n);
                const vec new = hyperbolic_tangent(load_some(at + 2 * width + d, n));
                store_some(to + d, sigmoid(keep) * old + sigmoid(in) * new, n);
            }
        }
}
