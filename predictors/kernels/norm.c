/* Root mean square norm over the channels of each group: y_c = w_c x_c s, s = 1 / sqrt(mean of x^2 in the group + eps). */

#include <math.h>

#include "vectors.h"

/* Positions go by PIECE vectors at a time, so that a pass along a channel reads whole runs of memory. */
#define PIECE 16

typedef struct {
    long n_position, n_channel, n_group, x_step; /* x is (channel, position), x_step from channel to channel */
    const REAL *x, *weight;                      /* weight: (channel) */
    double eps;
} Norm;

INLINE long lanes_of(const Norm *in, long first, long j) {
    long left = in->n_position - first - j * LANES;
    return left < 0 ? 0 : left < LANES ? left : LANES;
}

/* s of one group at PIECE vectors of positions */
static void scales(const Norm *in, vec *s, long group, long first) {
    const long width = in->n_channel / in->n_group;
    for (long j = 0; j < PIECE; j++) s[j] = zero();
    for (long c = group * width; c < (group + 1) * width; c++)
        for (long j = 0; j < PIECE; j++) {
            vec x = load_some(in->x + c * in->x_step + first + j * LANES, lanes_of(in, first, j));
            s[j] += x * x;
        }
    for (long j = 0; j < PIECE; j++)
        for (long i = 0; i < LANES; i++) s[j][i] = (REAL)(1 / sqrt((double)s[j][i] / (double)width + in->eps));
}

/* y is dense (channel, position) */
void norm_forward(const Norm *in, REAL *y) {
    const long width = in->n_channel / in->n_group;
    for (long first = 0; first < in->n_position; first += PIECE * LANES)
        for (long group = 0; group < in->n_group; group++) {
            vec s[PIECE];
            scales(in, s, group, first);
            for (long c = group * width; c < (group + 1) * width; c++)
                for (long j = 0; j < PIECE; j++) {
                    const long at = first + j * LANES, lanes = lanes_of(in, first, j);
                    vec x = load_some(in->x + c * in->x_step + at, lanes);
                    store_some(y + c * in->n_position + at, x * s[j] * in->weight[c], lanes);
                }
        }
}

/* gx_c = s (w_c g_c - x_c s^2 mean of w g x in the group), gw_c = sum of g_c x_c s over positions; 1 if no memory */
int norm_backward(const Norm *in, const REAL *gy, long gy_step, REAL *gx, REAL *gw) {
    const long width = in->n_channel / in->n_group;
    vec *by_weight = aligned_alloc(BYTES, (size_t)in->n_channel * sizeof(vec));
    if (!by_weight) return 1;
    memset(by_weight, 0, (size_t)in->n_channel * sizeof(vec));
    for (long first = 0; first < in->n_position; first += PIECE * LANES)
        for (long group = 0; group < in->n_group; group++) {
            vec s[PIECE], mean[PIECE];
            scales(in, s, group, first);
            for (long j = 0; j < PIECE; j++) mean[j] = zero();
            for (long c = group * width; c < (group + 1) * width; c++)
                for (long j = 0; j < PIECE; j++) {
                    const long at = first + j * LANES, lanes = lanes_of(in, first, j);
                    vec product = load_some(in->x + c * in->x_step + at, lanes) * load_some(gy + c * gy_step + at, lanes);
                    mean[j] += product * in->weight[c];
                    by_weight[c] += product * s[j];
                }
            for (long j = 0; j < PIECE; j++) mean[j] *= s[j] * s[j] / (REAL)width;
            for (long c = group * width; c < (group + 1) * width; c++)
                for (long j = 0; j < PIECE; j++) {
                    const long at = first + j * LANES, lanes = lanes_of(in, first, j);
                    vec x = load_some(in->x + c * in->x_step + at, lanes), g = load_some(gy + c * gy_step + at, lanes);
                    store_some(gx + c * in->n_position + at, s[j] * (in->weight[c] * g - x * mean[j]), lanes);
                }
        }
    for (long c = 0; c < in->n_channel; c++) gw[c] = sum(by_weight[c]);
    free(by_weight);
    return 0;
}
