/* The recurrence of Mamba and Mamba-2 with its step, skip and gate, forward and backward.

       d_t = softplus(delta_t + bias)      h_t = exp(d_t A) h_{t-1} + d_t u_t B_t
       y_t = (C_t . h_t + D u_t) * silu(z_t)

   Letters (Gu and Dao, arXiv 2312.00752; Dao and Gu, arXiv 2405.21060): u input, delta step, A rate, B input map, C
   output map, D skip, z gate, h state, y output. bias, D and z may each be absent (NULL): without a bias d_t is delta_t.

   Channels belong to heads, n_channel / n_head in each, and to groups. A head has one step; A is one number for every
   state number of a head (n_rate = n_state: Mamba, whose heads are channels) or one for all (n_rate = 1: Mamba-2).
   A group has one B and one C (Mamba: one group).

   Work goes by tiles: LANES sequences, ROWS rows. States are kept at the start of every tile in `starts`, and worked out
   again within a tile in the backward pass, so that no array of (row, state, channel, seq) is ever written unless
   `states` asks for it. Everything runs in one thread and in one order: same input, same bytes. */

#include "vectors.h"

#define ROWS 16

typedef struct {
    long n_row, n_seq, n_channel, n_state, n_head, n_group, n_rate;
    /* axes (channel, row, seq), or head or (group, state) for channel; the last two dense, *_step from one to the next */
    const REAL *u, *delta, *B, *C, *z;
    long u_step, delta_step, B_step, C_step, z_step;
    const REAL *A, *bias, *D; /* (rate, head), (head), (head) */
    const REAL *h;            /* (state, channel, seq) before the first row */
    REAL *starts;             /* private, scan_starts() numbers; NULL in a forward pass that has no backward one */
} Inputs;

typedef struct {
    REAL *y, *h, *states; /* (channel, row, seq); (state, channel, seq) after the last row; (seq, row, channel, state) */
} Outputs;

typedef struct {
    const REAL *y, *h, *states; /* derivatives by the outputs; NULL: none */
    long y_step;
    REAL *u, *delta, *B, *C, *z, *A, *bias, *D, *h0; /* derivatives by the inputs, dense, as these are shaped */
} Gradients;

typedef struct {
    long rows, lanes, first, seq; /* this tile: its rows from `first`, its sequences from `seq` */
    vec *B, *C, *gB, *gC;         /* (group, state, row) */
    vec d[ROWS], slope[ROWS];     /* of the present head: the step, and its derivative by delta */
    vec decay[ROWS];              /* exp(d A) where n_rate is 1 */
} Tile;

long scan_starts(long n_row, long n_seq, long n_channel, long n_state) {
    long tiles = ((n_row + ROWS - 1) / ROWS) * ((n_seq + LANES - 1) / LANES);
    return tiles * n_channel * n_state * LANES;
}

INLINE long least(long a, long b) { return a < b ? a : b; }

INLINE long at(const Inputs *in, const Tile *tile, long channel, long step, long k) {
    return channel * step + (tile->first + k) * in->n_seq + tile->seq;
}

/* The next channel's numbers are called for while this one's are worked on: they lie a row apart, and memory is slow. */
INLINE void soon(const Inputs *in, const Tile *tile, long channel, const REAL *array, long step, long k, const int write) {
    if (array && channel + 1 < in->n_channel) {
        const REAL *to = array + at(in, tile, channel + 1, step, k);
        if (write) __builtin_prefetch(to, 1);
        else __builtin_prefetch(to, 0);
    }
}

/* Give the tile its sequences and rows, with its B and C. */
static void begin(const Inputs *in, Tile *tile, long block, long chunk) {
    tile->seq = block * LANES, tile->lanes = least(LANES, in->n_seq - tile->seq);
    tile->first = chunk * ROWS, tile->rows = least(ROWS, in->n_row - tile->first);
    for (long row = 0; row < in->n_group * in->n_state; row++)
        for (long k = 0; k < tile->rows; k++) {
            tile->B[row * ROWS + k] = load_some(in->B + at(in, tile, row, in->B_step, k), tile->lanes);
            tile->C[row * ROWS + k] = load_some(in->C + at(in, tile, row, in->C_step, k), tile->lanes);
        }
}

static void begin_head(const Inputs *in, Tile *tile, long head) {
    for (long k = 0; k < tile->rows; k++) {
        vec x = load_some(in->delta + at(in, tile, head, in->delta_step, k), tile->lanes);
        tile->d[k] = in->bias ? softplus(x + in->bias[head]) : x;
        tile->slope[k] = in->bias ? sigmoid(x + in->bias[head]) : zero() + 1;
        if (in->n_rate == 1) tile->decay[k] = vexp(tile->d[k] * in->A[head]);
    }
}

/* exp(d A) for one state number of a head, at every row of the tile */
INLINE const vec *decays(const Inputs *in, const Tile *tile, long head, long n, vec *room, const long shared,
                         const long rows) {
    if (shared) return tile->decay;
    for (long k = 0; k < rows; k++) room[k] = vexp(tile->d[k] * in->A[n * in->n_head + head]);
    return room;
}

/* (n, lane) to (seq, row, channel, n): what a tap wants to see */
static void write_states(const Inputs *in, const Tile *tile, REAL *states, const vec *h, long channel, long k) {
    long apart = in->n_row * in->n_channel * in->n_state;
    REAL *to = states + tile->seq * apart + ((tile->first + k) * in->n_channel + channel) * in->n_state;
    for (long n = 0; n < in->n_state; n += LANES) {
        vec v[LANES];
        for (long i = 0; i < LANES; i++) v[i] = n + i < in->n_state ? h[n + i] : zero();
        transpose(v);
        for (long lane = 0; lane < tile->lanes; lane++) store_past(to + lane * apart + n, v[lane], least(LANES, in->n_state - n));
    }
}

/* `keep`, (row, state), is filled with the states if these are wanted */
INLINE void forward_channel(const Inputs *in, const Outputs *out, const Tile *tile, long channel, long head, vec *h,
                            vec *keep, const long shared, const long rows) {
    const long N = in->n_state, maps = channel / (in->n_channel / in->n_group) * N * ROWS;
    vec u[ROWS], v[ROWS], y[ROWS], room[ROWS];
    for (long k = 0; k < rows; k++) {
        u[k] = load_some(in->u + at(in, tile, channel, in->u_step, k), tile->lanes);
        v[k] = tile->d[k] * u[k];
        y[k] = zero();
        soon(in, tile, channel, in->u, in->u_step, k, 0);
        soon(in, tile, channel, in->z, in->z_step, k, 0);
        soon(in, tile, channel, out->y, in->n_row * in->n_seq, k, 1);
    }
    for (long n = 0; n < N; n++) {
        const vec *B = tile->B + maps + n * ROWS, *C = tile->C + maps + n * ROWS;
        const vec *decay = decays(in, tile, head, n, room, shared, rows);
        vec x = h[n];
        for (long k = 0; k < rows; k++) {
            x = decay[k] * x + v[k] * B[k];
            y[k] += C[k] * x;
            if (out->states) keep[k * N + n] = x;
        }
        h[n] = x;
    }
    for (long k = 0; k < rows; k++) {
        if (out->states) write_states(in, tile, out->states, keep + k * N, channel, k);
        if (in->D) y[k] += in->D[head] * u[k];
        if (in->z) {
            vec z = load_some(in->z + at(in, tile, channel, in->z_step, k), tile->lanes);
            y[k] *= z * sigmoid(z);
        }
        store_some(out->y + at(in, tile, channel, in->n_row * in->n_seq, k), y[k], tile->lanes);
    }
}

static void *vectors(long n) { return aligned_alloc(BYTES, (size_t)(n ? n : 1) * sizeof(vec)); }

/* 0, or 1 if there is no memory */
int scan_forward(const Inputs *in, const Outputs *out) {
    const long N = in->n_state, n_chunk = (in->n_row + ROWS - 1) / ROWS, n_block = (in->n_seq + LANES - 1) / LANES;
    const long per_head = in->n_channel / in->n_head, n_map = in->n_group * ROWS * N, n_h = in->n_channel * N;
    Tile tile;
    vec *room = vectors(2 * n_map + n_h + ROWS * N + 16), *h = room + 2 * n_map + 16, *keep = h + n_h;
    if (!room) return 1;
    tile.B = room, tile.C = room + n_map + 5;
    if (out->states) large_pages(out->states, in->n_seq * in->n_row * n_h);
    if (in->starts) large_pages(in->starts, scan_starts(in->n_row, in->n_seq, in->n_channel, N));
    for (long block = 0; block < n_block; block++) {
        long seq = block * LANES, lanes = least(LANES, in->n_seq - seq);
        for (long d = 0; d < in->n_channel; d++)
            for (long n = 0; n < N; n++) h[d * N + n] = load_some(in->h + (n * in->n_channel + d) * in->n_seq + seq, lanes);
        for (long chunk = 0; chunk < n_chunk; chunk++) {
            begin(in, &tile, block, chunk);
            if (in->starts) memcpy(in->starts + (block * n_chunk + chunk) * n_h * LANES, h, (size_t)n_h * sizeof(vec));
            for (long head = 0; head < in->n_head; head++) {
                begin_head(in, &tile, head);
                for (long d = head * per_head; d < (head + 1) * per_head; d++) {
                    const long whole = tile.rows == ROWS; /* the common case, with loops of known length */
                    vec *own = h + d * N;
                    if (in->n_rate == 1 && whole) forward_channel(in, out, &tile, d, head, own, keep, 1, ROWS);
                    else if (in->n_rate == 1) forward_channel(in, out, &tile, d, head, own, keep, 1, tile.rows);
                    else if (whole) forward_channel(in, out, &tile, d, head, own, keep, 0, ROWS);
                    else forward_channel(in, out, &tile, d, head, own, keep, 0, tile.rows);
                }
            }
        }
        for (long d = 0; d < in->n_channel; d++)
            for (long n = 0; n < N; n++) store_some(out->h + (n * in->n_channel + d) * in->n_seq + seq, h[d * N + n], lanes);
    }
    if (out->states) stored_past();
    free(room);
    return 0;
}

/* What a tap's reading of the states adds to the derivative by the state n of one row. */
INLINE vec by_state(const Inputs *in, const Gradients *out, const Tile *tile, long channel, long n, long k) {
    const long apart = in->n_row * in->n_channel * in->n_state;
    const REAL *from = out->states + tile->seq * apart;
    vec g = zero();
    from += ((tile->first + k) * in->n_channel + channel) * in->n_state + n;
    for (long lane = 0; lane < tile->lanes; lane++) g[lane] = from[lane * apart];
    return g;
}

/* Derivatives of one channel over one tile: `start` is the state before it, `g` the derivative by the state after it,
   and then by that before. */
INLINE void backward_channel(const Inputs *in, const Gradients *out, Tile *tile, long channel, long head,
                             const vec *start, vec *g, vec *gA, vec *gD, vec *g_step, const long shared,
                             const long rows) {
    const long N = in->n_state, maps = channel / (in->n_channel / in->n_group) * N * ROWS;
    const long dense = in->n_row * in->n_seq;
    const REAL D = in->D ? in->D[head] : 0;
    vec u[ROWS], v[ROWS], y[ROWS], gy[ROWS], slope[ROWS], gv[ROWS], carried[ROWS], room[ROWS], h[ROWS + 1];
    for (long k = 0; k < rows; k++) {
        u[k] = load_some(in->u + at(in, tile, channel, in->u_step, k), tile->lanes);
        v[k] = tile->d[k] * u[k];
        y[k] = gv[k] = carried[k] = zero();
        gy[k] = load_some(out->y + at(in, tile, channel, out->y_step, k), tile->lanes);
        soon(in, tile, channel, in->u, in->u_step, k, 0);
        soon(in, tile, channel, in->z, in->z_step, k, 0);
        soon(in, tile, channel, out->y, out->y_step, k, 0);
        soon(in, tile, channel, out->u, dense, k, 1);
        soon(in, tile, channel, out->z, dense, k, 1);
        if (in->z) {
            vec z = load_some(in->z + at(in, tile, channel, in->z_step, k), tile->lanes), s = sigmoid(z);
            slope[k] = gy[k] * s * (1 + z * (1 - s));
            gy[k] *= z * s;
        }
    }
    for (long n = 0; n < N; n++) {
        const long from = maps + n * ROWS;
        const vec *B = tile->B + from, *C = tile->C + from;
        const vec *decay = decays(in, tile, head, n, room, shared, rows);
        const REAL A = in->A[(shared ? 0 : n) * in->n_head + head];
        vec *gB = tile->gB + from, *gC = tile->gC + from, after = g[n], by_A = zero();
        h[0] = start[n];
        for (long k = 0; k < rows; k++) {
            h[k + 1] = decay[k] * h[k] + v[k] * B[k];
            y[k] += C[k] * h[k + 1];
        }
        for (long k = rows - 1; k >= 0; k--) {
            vec here = gy[k] * C[k], by_exponent;
            if (out->states) here += by_state(in, out, tile, channel, n, k);
            gB[k] += (after + here) * v[k];
            gC[k] += gy[k] * h[k + 1];
            gv[k] += (after + here) * B[k];
            after = decay[k] * after + decay[k] * here;
            by_exponent = after * h[k];
            if (!shared) by_A += by_exponent * tile->d[k];
            carried[k] += shared ? by_exponent : by_exponent * A;
        }
        g[n] = after;
        if (!shared) gA[n] += by_A;
    }
    for (long k = rows - 1; k >= 0; k--) {
        if (in->z) store_some(out->z + at(in, tile, channel, dense, k), slope[k] * (y[k] + D * u[k]), tile->lanes);
        *gD += gy[k] * u[k];
        if (shared) {
            gA[0] += carried[k] * tile->d[k];
            carried[k] *= in->A[head];
        }
        store_some(out->u + at(in, tile, channel, dense, k), gv[k] * tile->d[k] + gy[k] * D, tile->lanes);
        g_step[k] += carried[k] + gv[k] * u[k];
    }
}

/* 0, or 1 if there is no memory */
int scan_backward(const Inputs *in, const Gradients *out) {
    const long N = in->n_state, n_chunk = (in->n_row + ROWS - 1) / ROWS, n_block = (in->n_seq + LANES - 1) / LANES;
    const long per_head = in->n_channel / in->n_head, n_map = in->n_group * ROWS * N, n_h = in->n_channel * N;
    const long n_A = in->n_head * in->n_rate;
    Tile tile;
    vec *room = vectors(4 * n_map + 20 + n_h + n_A + 2 * in->n_head);
    if (!room) return 1;
    tile.B = room, tile.C = tile.B + n_map + 5, tile.gB = tile.C + n_map + 5, tile.gC = tile.gB + n_map + 5;
    vec *g = tile.gC + n_map + 5, *gA = g + n_h, *gD = gA + n_A;
    vec *g_bias = gD + in->n_head;
    memset(gA, 0, (size_t)(n_A + 2 * in->n_head) * sizeof(vec));
    for (long block = 0; block < n_block; block++) {
        long seq = block * LANES, lanes = least(LANES, in->n_seq - seq);
        for (long d = 0; d < in->n_channel; d++)
            for (long n = 0; n < N; n++)
                g[d * N + n] = out->h ? load_some(out->h + (n * in->n_channel + d) * in->n_seq + seq, lanes) : zero();
        for (long chunk = n_chunk - 1; chunk >= 0; chunk--) {
            begin(in, &tile, block, chunk);
            memset(tile.gB, 0, (size_t)(2 * n_map + 5) * sizeof(vec));
            for (long head = 0; head < in->n_head; head++) {
                vec g_step[ROWS];
                memset(g_step, 0, sizeof g_step);
                begin_head(in, &tile, head);
                for (long d = head * per_head; d < (head + 1) * per_head; d++) {
                    const vec *start = (const vec *)in->starts + (block * n_chunk + chunk) * n_h + d * N;
                    vec *by_A = gA + head * in->n_rate, *by_D = gD + head, *by_h = g + d * N;
                    const long whole = tile.rows == ROWS;
                    if (in->n_rate == 1 && whole)
                        backward_channel(in, out, &tile, d, head, start, by_h, by_A, by_D, g_step, 1, ROWS);
                    else if (in->n_rate == 1)
                        backward_channel(in, out, &tile, d, head, start, by_h, by_A, by_D, g_step, 1, tile.rows);
                    else if (whole)
                        backward_channel(in, out, &tile, d, head, start, by_h, by_A, by_D, g_step, 0, ROWS);
                    else
                        backward_channel(in, out, &tile, d, head, start, by_h, by_A, by_D, g_step, 0, tile.rows);
                }
                for (long k = 0; k < tile.rows; k++) {
                    vec by_delta = g_step[k] * tile.slope[k];
                    g_bias[head] += by_delta;
                    store_some(out->delta + at(in, &tile, head, in->n_row * in->n_seq, k), by_delta, tile.lanes);
                }
            }
            for (long row = 0; row < in->n_group * N; row++)
                for (long k = 0; k < tile.rows; k++) {
                    long from = row * ROWS + k, to = at(in, &tile, row, in->n_row * in->n_seq, k);
                    store_some(out->B + to, tile.gB[from], lanes);
                    store_some(out->C + to, tile.gC[from], lanes);
                }
        }
        for (long d = 0; d < in->n_channel; d++)
            for (long n = 0; n < N; n++) store_some(out->h0 + (n * in->n_channel + d) * in->n_seq + seq, g[d * N + n], lanes);
    }
    for (long head = 0; head < in->n_head; head++) {
        for (long n = 0; n < in->n_rate; n++) out->A[n * in->n_head + head] = sum(gA[head * in->n_rate + n]);
        if (out->bias) out->bias[head] = sum(g_bias[head]);
        if (out->D) out->D[head] = sum(gD[head]);
    }
    free(room);
    return 0;
}
